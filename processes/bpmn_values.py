"""A BPMN 2.0 diagram as frozen values. Nothing here knows XML; `processes.bpmn.read` makes them.

`line` is always the 1-based line of the element in its file. `kind` is the element's local name in BPMN
(`userTask`, `exclusiveGateway`, `boundaryEvent` …)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ACTIVITIES = frozenset(
    "task userTask manualTask scriptTask serviceTask businessRuleTask sendTask receiveTask "
    "subProcess transaction adHocSubProcess callActivity".split()
)
SCOPES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
GATEWAYS = frozenset(
    "exclusiveGateway inclusiveGateway parallelGateway complexGateway eventBasedGateway".split()
)
CATCHES = frozenset({"startEvent", "intermediateCatchEvent", "boundaryEvent"})
THROWS = frozenset({"endEvent", "intermediateThrowEvent"})
NODES = ACTIVITIES | GATEWAYS | CATCHES | THROWS
GLOBAL_TASKS = {
    "globalTask": "task",
    "globalUserTask": "userTask",
    "globalManualTask": "manualTask",
    "globalScriptTask": "scriptTask",
    "globalBusinessRuleTask": "businessRuleTask",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """`kind` is date, duration or cycle; `expression` the text as written (FEEL or literal ISO 8601)."""

    kind: str
    expression: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDefinition:
    """One trigger or result of an event (BPMN 2.0 §10.5.5). `kind`: message, timer, signal, error, escalation,
    conditional, compensate, cancel, terminate or link. `ref` is the id it names, `name` what that resolves to
    (the message's, signal's, link's name), `code` the error or escalation code (None catches all)."""

    kind: str
    line: int
    id: str | None = None
    ref: str | None = None
    name: str | None = None
    code: str | None = None
    timer: Timer | None = None
    condition: str | None = None
    waits: bool = True  # compensate: waitForCompletion
    payload: str | None = None
    variable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Standard loop or multi-instance (BPMN 2.0 §10.3.8). `collection`/`output` are names of variables that
    hold lists, `item`/`output_item` the names inside one instance; `behavior` None, One, All or Complex."""

    kind: str  # standard | multi
    line: int
    sequential: bool = False
    condition: str | None = None
    test_before: bool = False
    maximum: str | None = None
    cardinality: str | None = None
    collection: str | None = None
    item: str | None = None
    output: str | None = None
    output_item: str | None = None
    completion: str | None = None
    behavior: str = "All"
    behavior_ref: EventDefinition | None = None  # the event of behaviours None and One
    complex: tuple[tuple[str, EventDefinition], ...] = ()  # (condition, event) of behaviour Complex


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a service: `value` is FEEL."""

    id: str
    value: str
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """The outside operation of a service task: its name, the FEEL of its parameters, where the result goes."""

    id: str
    parameters: tuple[Parameter, ...]
    result: str | None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """A data association (BPMN 2.0 §10.4.2): `source` and `target` are variable names (references to data
    objects, properties, inputs and outputs are already resolved), or `assignments` of FEEL to names."""

    sources: tuple[str, ...]
    target: str | None
    transformation: str | None
    assignments: tuple[tuple[str, str], ...]
    line: int
    store: str | None = None  # id of the data store at one of its ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A data object, property, data input or output: `name` is what expressions call it; `parent` the id of
    the process, sub-process or activity that declares it; `value` an initial FEEL value of a data object."""

    id: str
    name: str
    kind: str  # dataObject | property | dataInput | dataOutput | dataStore
    parent: str
    collection: bool
    line: int
    value: str | None = None
    aliases: tuple[str, ...] = ()  # other names of the same: its id, its references
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A flow node. `parent` is the id of the enclosing process or sub-process; `incoming`/`outgoing` are ids of
    sequence flows in document order; `properties` the extension properties (name → text as written)."""

    id: str
    kind: str
    line: int
    parent: str
    index: int  # position in the document
    name: str = ""
    incoming: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()
    default: str | None = None
    lane: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    events: tuple[EventDefinition, ...] = ()
    parallel_multiple: bool = False
    attached_to: str | None = None
    interrupting: bool = True  # boundary: cancelActivity, start of an event sub-process: isInterrupting
    loop: Loop | None = None
    script: str | None = None
    script_format: str | None = None
    decision: str | None = None
    result: str | None = None
    operator: Operator | None = None
    called: str | None = None
    message: EventDefinition | None = None  # of send and receive tasks
    payload: str | None = None
    message_variable: str | None = None
    inputs: tuple[Association, ...] = ()
    outputs: tuple[Association, ...] = ()
    variables: tuple[Variable, ...] = ()  # its own properties, data inputs and data outputs
    documentation: str = ""
    instructions: str = ""
    instantiate: bool = False
    gateway_type: str | None = None  # eventGatewayType: Exclusive | Parallel
    activation: str | None = None  # complex gateway: activationCondition
    start_quantity: int = 1
    completion_quantity: int = 1
    for_compensation: bool = False
    compensated_by: str | None = None  # compensation boundary: its associated handler activity
    triggered_by_event: bool = False
    ordering: str | None = None  # ad-hoc: Parallel | Sequential
    cancel_remaining: bool = True
    completion: str | None = None  # ad-hoc: completionCondition
    transaction_method: str | None = None
    extensions: tuple[str, ...] = ()  # local names of the extension elements found, for the checks

    @property
    def is_scope(self) -> bool:
        return self.kind in SCOPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A sequence flow; `condition` is FEEL as written."""

    id: str
    source: str
    target: str
    line: int
    parent: str
    name: str = ""
    condition: str | None = None
    condition_line: int | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A lane and the ids of the nodes directly in it."""

    id: str
    name: str
    line: int
    properties: Mapping[str, str]
    nodes: tuple[str, ...]
    parent: str | None = None  # the lane around it


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """How instances are told apart for one message: `carried` is FEEL over the message's payload, `awaited` FEEL over
    the variables of the process that awaits it (None: it awaits any)."""

    carried: str
    awaited: str | None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process with everything inside it, nested sub-processes too: `nodes` and `flows` by id in document
    order. A global task is read as a process with a single task (`global_task` says so)."""

    id: str
    name: str
    line: int
    executable: bool
    nodes: Mapping[str, Node]
    flows: Mapping[str, Flow]
    lanes: Mapping[str, Lane]
    properties: Mapping[str, str]
    variables: tuple[Variable, ...]
    documentation: str = ""
    global_task: bool = False
    marked_executable: bool = False  # `isExecutable` is written as true, not only left out
    correlations: Mapping[str, Correlation] = field(default_factory=dict)  # by message id

    @property
    def data_objects(self) -> tuple[Variable, ...]:
        return tuple(v for v in self.variables if v.kind == "dataObject")

    def children(self, parent: str) -> tuple[Node, ...]:
        """The nodes directly inside `parent` (this process's id or a sub-process's), in document order."""
        return tuple(node for node in self.nodes.values() if node.parent == parent)

    def boundary(self, activity: str) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes.values() if node.attached_to == activity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A root element that events refer to: message, signal, error, escalation. `code`: errorCode or
    escalationCode."""

    id: str
    name: str
    kind: str
    line: int
    code: str | None = None
    payload: str | None = None
    variable: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """A pool and the process that it shows."""

    id: str
    name: str
    process: str | None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFlow:
    """A drawn message flow between pools."""

    id: str
    name: str
    source: str
    target: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Place of a shape in the drawing, in points; `horizontal` of pools and lanes, `expanded` of sub-processes."""

    x: float
    y: float
    width: float
    height: float
    horizontal: bool | None = None
    expanded: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """What the reader does not execute: the checks refuse it by name. `kind`: element, vendor (another tool's
    extension) or language (of an expression; `tag` is its name then)."""

    tag: str
    id: str | None
    line: int
    parent: str | None
    kind: str = "element"

    @property
    def why_ja(self) -> str:
        """Why a diagram with it cannot run."""
        if self.kind == "language":
            return f"式の言語はFEELだけですが、「{self.tag}」でした。FEELで書いてください。"
        if self.kind == "vendor":
            return (f"ほかの製品の拡張「{self.tag}」は実行しません。値の受け渡しはデータ関連付けで、"
                    "処理はタスクとして描いてください。")
        return f"「{self.tag}」は実行できません。別の要素で描いてください。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """A whole file. `digest` is the SHA-256 of its source."""

    name: str
    digest: str
    processes: Mapping[str, Process]
    messages: Mapping[str, Named]
    signals: Mapping[str, Named]
    errors: Mapping[str, Named]
    escalations: Mapping[str, Named]
    participants: Mapping[str, Participant]
    message_flows: Mapping[str, MessageFlow]
    shapes: Mapping[str, Bounds]
    labels: Mapping[str, Bounds]
    edges: Mapping[str, tuple[tuple[float, float], ...]]
    unknown: tuple[Unknown, ...]
    lines: Mapping[str, int]  # every id in the file → its line


def is_feel(language: str | None) -> bool:
    """Whether the language of an expression, or the format of a script, means FEEL; saying nothing does too."""
    plain = (language or "").strip().lower()
    return not plain or "feel" in plain or "/dmn/" in plain
