// What a part of the diagram is, in words.
import { is } from 'bpmn-js/lib/util/ModelUtil.js';
import { WORDS } from './words.js';

const EVENT_WORDS = {
  'bpmn:MessageEventDefinition': '知らせ', 'bpmn:TimerEventDefinition': '時',
  'bpmn:SignalEventDefinition': '一斉の知らせ', 'bpmn:ErrorEventDefinition': '異常',
  'bpmn:EscalationEventDefinition': '上への報告', 'bpmn:ConditionalEventDefinition': '条件',
  'bpmn:LinkEventDefinition': 'つなぎ記号', 'bpmn:CompensateEventDefinition': '取り消し',
  'bpmn:TerminateEventDefinition': 'すべて止める', 'bpmn:CancelEventDefinition': '取消',
};

const KINDS = [
  ['bpmn:UserTask', WORDS['User task']], ['bpmn:ManualTask', WORDS['Manual task']],
  ['bpmn:ServiceTask', WORDS['Service task']], ['bpmn:ScriptTask', WORDS['Script task']],
  ['bpmn:BusinessRuleTask', WORDS['Business rule task']], ['bpmn:SendTask', WORDS['Send task']],
  ['bpmn:ReceiveTask', WORDS['Receive task']], ['bpmn:CallActivity', WORDS['Call activity']],
  ['bpmn:AdHocSubProcess', WORDS['Ad-hoc sub-process']], ['bpmn:Transaction', WORDS['Transaction']],
  ['bpmn:SubProcess', WORDS['Sub-process']], ['bpmn:Task', WORDS['Task']],
  ['bpmn:ExclusiveGateway', WORDS['Exclusive gateway']], ['bpmn:ParallelGateway', WORDS['Parallel gateway']],
  ['bpmn:InclusiveGateway', WORDS['Inclusive gateway']], ['bpmn:ComplexGateway', WORDS['Complex gateway']],
  ['bpmn:EventBasedGateway', WORDS['Event-based gateway']],
  ['bpmn:StartEvent', '始まり'], ['bpmn:EndEvent', '終わり'], ['bpmn:BoundaryEvent', '仕事の途中のできごと'],
  ['bpmn:IntermediateCatchEvent', '途中で待つ'], ['bpmn:IntermediateThrowEvent', '途中で知らせる・通過点'],
  ['bpmn:SequenceFlow', '次へ進む線'], ['bpmn:MessageFlow', '知らせの線'], ['bpmn:Association', '注釈の線'],
  ['bpmn:Lane', '役割の枠'], ['bpmn:Participant', '役割の枠の全体'], ['bpmn:Process', '手続き全体'],
  ['bpmn:Collaboration', '手続き全体'], ['bpmn:DataObjectReference', '共有する値'],
  ['bpmn:DataStoreReference', '台帳'], ['bpmn:TextAnnotation', '注釈'], ['bpmn:Group', '囲み'],
];

/** 人の仕事（様式に記入） … */
export function kindOf(element) {
  const bo = element.businessObject;
  if (is(bo, 'bpmn:SubProcess') && bo.triggeredByEvent) return WORDS['Event sub-process'];
  const found = KINDS.find(([type]) => is(bo, type));
  const definition = bo.eventDefinitions?.[0];
  const event = definition ? `（${EVENT_WORDS[definition.$type] ?? '組み合わせ'}）` : '';
  return (found ? found[1] : '部品') + event;
}
