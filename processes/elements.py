"""Every element of BPMN 2.0 (the semantic model) and what becomes of it here: executed, refused, or kept for the
reader and not executed because BPMN gives it no execution. The one list behind the checks and `docs/bpmn.md`."""

from typing import Final, Literal

Fate = Literal["executed", "refused", "documentation"]

EXECUTED: Final = frozenset(
    "definitions process startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent "
    "task userTask manualTask scriptTask serviceTask businessRuleTask sendTask receiveTask callActivity "
    "subProcess transaction adHocSubProcess "
    "exclusiveGateway inclusiveGateway parallelGateway complexGateway eventBasedGateway "
    "sequenceFlow conditionExpression formalExpression expression "
    "messageEventDefinition timerEventDefinition signalEventDefinition errorEventDefinition "
    "escalationEventDefinition conditionalEventDefinition compensateEventDefinition cancelEventDefinition "
    "terminateEventDefinition linkEventDefinition eventDefinitionRef "
    "message signal error escalation "
    "standardLoopCharacteristics multiInstanceLoopCharacteristics complexBehaviorDefinition "
    "dataObject dataObjectReference dataInput dataOutput property ioSpecification inputSet outputSet "
    "dataInputAssociation dataOutputAssociation assignment "
    "globalTask globalUserTask globalManualTask globalScriptTask globalBusinessRuleTask "
    "laneSet lane association extensionElements script "
    "correlationKey correlationProperty correlationPropertyRetrievalExpression correlationSubscription "
    "correlationPropertyBinding".split()
)

DOCUMENTATION: Final = frozenset(
    "documentation textAnnotation text group category categoryValue auditing monitoring import extension "
    "collaboration participant participantMultiplicity messageFlow participantAssociation "
    "messageFlowAssociation conversationLink conversationAssociation conversation subConversation "
    "callConversation itemDefinition dataState dataStore dataStoreReference "
    "interface operation resource resourceParameter resourceRole performer humanPerformer "
    "potentialOwner resourceAssignmentExpression resourceParameterBinding rendering endPoint partnerEntity "
    "partnerRole relationship".split()
)

REFUSED: Final = frozenset(
    "choreography globalChoreographyTask choreographyTask callChoreography subChoreography globalConversation "
    "implicitThrowEvent ioBinding".split()
)


def fate(name: str) -> Fate | None:
    """What becomes of the element of that local name; None if BPMN 2.0 has no such element."""
    if name in EXECUTED:
        return "executed"
    if name in DOCUMENTATION:
        return "documentation"
    return "refused" if name in REFUSED else None
