// Which sections the side panel has for an element, in the order in which a coordinator thinks.
import { is, isAny, getBusinessObject } from 'bpmn-js/lib/util/ModelUtil.js';
import { identity, particulars } from './sections/basics.js';
import { form, who, due, help } from './sections/work.js';
import { lane, process } from './sections/frames.js';
import { condition, ways } from './sections/flows.js';
import { calculation, operation, decision, called } from './sections/automatic.js';
import { event, message } from './sections/events.js';
import { repetition, unordered } from './sections/repetition.js';

/** [{ title, rows, closed }] for the element. */
export function sectionsFor(element, tools) {
  const bo = getBusinessObject(element);
  return [identity, ...ofKind(bo), particulars].map(make => make(element, tools)).filter(Boolean);
}

function ofKind(bo) {
  if (isAny(bo, ['bpmn:UserTask', 'bpmn:ManualTask'])) return [form, who, due, help, repetition];
  if (is(bo, 'bpmn:ScriptTask')) return [calculation, repetition];
  if (is(bo, 'bpmn:ServiceTask')) return [operation, repetition];
  if (is(bo, 'bpmn:BusinessRuleTask')) return [decision, repetition];
  if (isAny(bo, ['bpmn:SendTask', 'bpmn:ReceiveTask'])) return [message, repetition];
  if (is(bo, 'bpmn:CallActivity')) return [called, repetition];
  if (is(bo, 'bpmn:AdHocSubProcess')) return [unordered, who, due, help, repetition];
  if (is(bo, 'bpmn:Activity')) return [repetition];
  if (is(bo, 'bpmn:Event')) return [event];
  if (is(bo, 'bpmn:Gateway')) return [ways];
  if (is(bo, 'bpmn:SequenceFlow')) return [condition];
  if (is(bo, 'bpmn:Lane')) return [lane];
  if (isAny(bo, ['bpmn:Participant', 'bpmn:Process', 'bpmn:Collaboration'])) return [process];
  return [];
}
