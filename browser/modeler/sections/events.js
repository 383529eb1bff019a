// Events and messages.
import { is, isAny } from 'bpmn-js/lib/util/ModelUtil.js';
import { carrier, property, text } from '../extensions.js';

const THROWING = ['bpmn:IntermediateThrowEvent', 'bpmn:EndEvent', 'bpmn:SendTask'];
const TIMERS = [
  { value: 'timeDuration', label: '待つ長さ' }, { value: 'timeDate', label: '決まった時' }, { value: 'timeCycle', label: 'くり返し' },
];

/** What the event waits for or tells. */
export function event(element, tools) {
  const bo = element.businessObject;
  const definition = bo.eventDefinitions?.[0];
  const rows = [...interruption(element, tools)];
  if (is(definition, 'bpmn:MessageEventDefinition')) rows.push(...messageRows(element, definition, tools));
  if (is(definition, 'bpmn:TimerEventDefinition')) rows.push(...timerRows(element, definition, tools));
  if (is(definition, 'bpmn:SignalEventDefinition')) {
    rows.push(rootRow(element, definition, 'signalRef', 'bpmn:Signal', '一斉の知らせの名前', tools), ...payloadRows(element, tools));
  }
  if (is(definition, 'bpmn:ErrorEventDefinition')) rows.push(...codeRows(element, definition, 'errorRef', 'bpmn:Error', 'errorCode', '異常', tools));
  if (is(definition, 'bpmn:EscalationEventDefinition')) {
    rows.push(...codeRows(element, definition, 'escalationRef', 'bpmn:Escalation', 'escalationCode', '報告', tools));
  }
  if (is(definition, 'bpmn:ConditionalEventDefinition')) rows.push(conditionRow(element, definition, tools));
  if (is(definition, 'bpmn:LinkEventDefinition')) {
    rows.push(tools.fields.text('つなぎ記号', definition.name ?? '', name => tools.modeling.updateModdleProperties(element, definition, { name }),
      { hint: '同じ記号の入口から出口へ進みます。' }));
  }
  return rows.length ? { title: 'できごと', rows } : null;
}

/** The message of a send or receive task. */
export function message(element, tools) {
  return { title: '知らせ', rows: messageRows(element, element.businessObject, tools) };
}

function messageRows(element, owner, tools) {
  const { fields, writer } = tools;
  return [
    rootRow(element, owner, 'messageRef', 'bpmn:Message', '知らせの名前', tools),
    fields.text('相手を見分ける式', property(carrier(element), 'correlation'), value => writer.setProperty(element, 'correlation', value),
      { expression: true, hint: 'どの案件・どの会議への知らせか。例：caseId' }),
    ...payloadRows(element, tools),
  ];
}

function payloadRows(element, { fields, writer }) {
  const bo = carrier(element);
  if (isAny(bo, THROWING)) {
    return [fields.text('添える内容（式）', text(bo, 'MessagePayload'), value => writer.setText(element, 'MessagePayload', value),
      { expression: true, rows: 3, hint: '例：{ caseId: caseId, kekka: kekka }' })];
  }
  return [fields.text('内容を入れる名前', text(bo, 'MessageVariable'), value => writer.setText(element, 'MessageVariable', value),
    { hint: '空なら、内容の中の名前ごとに入ります。' })];
}

// messages, signals, errors are shared by name: an existing one is used, a new name makes a new one
function rootRow(element, owner, attribute, type, label, tools) {
  const { fields, modeling, modeler } = tools;
  const known = modeler.getDefinitions().rootElements.filter(each => is(each, type));
  return fields.text(label, owner[attribute]?.name ?? '', name => {
    const reference = name ? known.find(each => each.name === name) ?? makeRoot(type, { name }, tools) : undefined;
    modeling.updateModdleProperties(element, owner, { [attribute]: reference });
  }, { options: known.map(each => each.name).filter(Boolean), redraw: true });
}

function codeRows(element, definition, attribute, type, code, label, tools) {
  const { fields, modeling, modeler } = tools;
  const known = modeler.getDefinitions().rootElements.filter(each => is(each, type));
  return [fields.text(`${label}の記号`, definition[attribute]?.[code] ?? '', value => {
    const reference = value ? known.find(each => each[code] === value) ?? makeRoot(type, { name: value, [code]: value }, tools) : undefined;
    modeling.updateModdleProperties(element, definition, { [attribute]: reference });
  }, { options: known.map(each => each[code]).filter(Boolean), hint: '空なら、どの記号でも受けます。', redraw: true })];
}

function makeRoot(type, attributes, { modeler, factory }) {
  const made = factory.create(type, attributes);
  const definitions = modeler.getDefinitions();
  made.$parent = definitions;
  definitions.rootElements.push(made);
  return made;
}

function timerRows(element, definition, { fields, modeling, moddle }) {
  const kind = TIMERS.find(({ value }) => definition[value])?.value ?? 'timeDuration';
  const body = definition[kind]?.body ?? '';
  const set = (name, value) => {
    const cleared = Object.fromEntries(TIMERS.map(each => [each.value, undefined]));
    const expression = moddle.create('bpmn:FormalExpression', { body: value });
    expression.$parent = definition;
    modeling.updateModdleProperties(element, definition, { ...cleared, [name]: expression });
  };
  const hints = {
    timeDuration: 'P3D＝3日、PT2H＝2時間、P1M＝1か月。または式', timeDate: '2026-04-01T09:00+09:00、または日時になる式',
    timeCycle: 'R3/P1M＝1か月ごとに3回、R/P7D＝7日ごとにずっと',
  };
  return [
    fields.choice('時の決め方', kind, TIMERS, name => set(name, body)),
    fields.text('時', body, value => set(kind, value), { expression: true, hint: hints[kind] }),
  ];
}

function conditionRow(element, definition, { fields, modeling, moddle }) {
  return fields.text('条件（式）', definition.condition?.body ?? '', body => {
    const condition = moddle.create('bpmn:FormalExpression', { body });
    condition.$parent = definition;
    modeling.updateModdleProperties(element, definition, { condition });
  }, { expression: true, rows: 2 });
}

function interruption(element, { fields, modeling }) {
  const bo = element.businessObject;
  if (is(bo, 'bpmn:BoundaryEvent') && !isAny(bo.eventDefinitions?.[0] ?? bo, ['bpmn:ErrorEventDefinition', 'bpmn:CompensateEventDefinition', 'bpmn:CancelEventDefinition'])) {
    return [fields.check('起きたら元の仕事を止める', bo.cancelActivity !== false, on => modeling.updateProperties(element, { cancelActivity: on }))];
  }
  if (is(bo, 'bpmn:StartEvent') && bo.$parent?.triggeredByEvent) {
    return [fields.check('起きたらまわりの仕事を止める', bo.isInterrupting !== false, on => modeling.updateProperties(element, { isInterrupting: on }))];
  }
  return [];
}
