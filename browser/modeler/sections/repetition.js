// The same work again: as long as a condition holds, or for each of several.
import { is } from 'bpmn-js/lib/util/ModelUtil.js';

const KINDS = [
  { value: 'parallel', label: '相手ごとに、同時に' }, { value: 'sequential', label: '相手ごとに、順に' },
  { value: 'loop', label: '条件が続くあいだ' },
];

/** Repetition of an activity. */
export function repetition(element, tools) {
  const { fields } = tools;
  const loop = element.businessObject.loopCharacteristics;
  const kind = kindOf(loop);
  const rows = [fields.choice('くり返し', kind, KINDS, chosen => setKind(element, chosen, tools), { empty: 'くり返さない' })];
  if (kind === 'loop') rows.push(...loopRows(element, loop, tools));
  else if (kind) rows.push(...eachRows(element, loop, tools));
  return { title: 'くり返し', rows, closed: !kind };
}

/** An ad-hoc sub-process: when it is done. */
export function unordered(element, { fields, modeling, moddle }) {
  const bo = element.businessObject;
  return { title: '順番を決めないまとまり', rows: [
    fields.text('終わりにする条件（式）', bo.completionCondition?.body ?? '', body => modeling.updateModdleProperties(element, bo, {
      completionCondition: body ? moddle.create('bpmn:FormalExpression', { body }) : undefined,
    }), { expression: true, rows: 2 }),
    fields.choice('進め方', bo.ordering ?? 'Parallel', [
      { value: 'Parallel', label: 'いくつでも同時に' }, { value: 'Sequential', label: '1つずつ' },
    ], ordering => modeling.updateProperties(element, { ordering })),
  ] };
}

function kindOf(loop) {
  if (!loop) return '';
  if (is(loop, 'bpmn:StandardLoopCharacteristics')) return 'loop';
  return loop.isSequential ? 'sequential' : 'parallel';
}

function setKind(element, kind, { modeling, moddle }) {
  const before = element.businessObject.loopCharacteristics;
  if (before && kind && kind !== 'loop' && kindOf(before) !== 'loop') {
    return modeling.updateModdleProperties(element, before, { isSequential: kind === 'sequential' });
  }
  const made = { '': () => undefined, loop: () => moddle.create('bpmn:StandardLoopCharacteristics'),
    parallel: () => moddle.create('bpmn:MultiInstanceLoopCharacteristics'),
    sequential: () => moddle.create('bpmn:MultiInstanceLoopCharacteristics', { isSequential: true }) }[kind]();
  if (made) made.$parent = element.businessObject;
  return modeling.updateProperties(element, { loopCharacteristics: made });
}

function loopRows(element, loop, tools) {
  return [
    expressionRow(element, loop, 'loopCondition', '続ける条件（式）', tools),
    tools.fields.check('はじめる前にも条件を確かめる', loop.testBefore === true, testBefore =>
      tools.modeling.updateModdleProperties(element, loop, { testBefore })),
    tools.fields.number('多くても何回まで', loop.loopMaximum ?? '', value =>
      tools.modeling.updateModdleProperties(element, loop, { loopMaximum: value === '' ? undefined : Number(value) })),
  ];
}

function eachRows(element, loop, tools) {
  return [
    nameRow(element, loop, 'loopDataInputRef', '相手の一覧の名前', '例：shokaisaki（様式で選んだ機関の一覧）', tools),
    itemRow(element, loop, 'inputDataItem', 'bpmn:DataInput', '1つの相手を呼ぶ名前', tools),
    expressionRow(element, loop, 'loopCardinality', '回数（式。一覧がないときだけ）', tools),
    nameRow(element, loop, 'loopDataOutputRef', '結果の一覧の名前', '', tools),
    itemRow(element, loop, 'outputDataItem', 'bpmn:DataOutput', '1つの結果の名前', tools),
    expressionRow(element, loop, 'completionCondition', 'そろう前に終える条件（式）', tools),
  ];
}

function expressionRow(element, loop, attribute, label, { fields, modeling, moddle }) {
  return fields.text(label, loop[attribute]?.body ?? '', body => {
    const expression = body ? moddle.create('bpmn:FormalExpression', { body }) : undefined;
    if (expression) expression.$parent = loop;
    modeling.updateModdleProperties(element, loop, { [attribute]: expression });
  }, { expression: true });
}

// a list is named, not referred to: the name stands where BPMN has a reference
function nameRow(element, loop, attribute, label, hint, { fields, modeling, moddle }) {
  return fields.text(label, loop[attribute]?.id ?? '', id => modeling.updateModdleProperties(element, loop, {
    [attribute]: id.trim() ? moddle.create('bpmn:Property', { id: id.trim() }) : undefined,
  }), { hint });
}

function itemRow(element, loop, attribute, type, label, { fields, modeling, factory }) {
  const before = loop[attribute];
  return fields.text(label, before?.name || before?.id || '', name => {
    const item = name.trim() ? factory.create(type, { ...(before?.name || !before ? {} : { id: before.id }), name: name.trim() }) : undefined;
    if (item) item.$parent = loop;
    modeling.updateModdleProperties(element, loop, { [attribute]: item });
  });
}
