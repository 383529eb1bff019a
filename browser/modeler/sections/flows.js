// Conditions of flows: built from the forms' own questions and choices, or written as an expression.
import { is, isAny } from 'bpmn-js/lib/util/ModelUtil.js';
import { h } from '../../shared/dom.js';
import { OPERATORS, parse, print } from '../conditions.js';

/** When this flow is taken. */
export function condition(element, tools) {
  const { fields, modeling } = tools;
  const bo = element.businessObject;
  const source = bo.sourceRef;
  if (!decides(source)) return null;
  const isDefault = source.default === bo;
  const rows = [fields.check('ほかのどれにも当てはまらないとき、この線へ進む', isDefault, on =>
    modeling.updateProperties(element.source, { default: on ? bo : undefined }))];
  if (!isDefault) rows.push(...conditionRows(bo.conditionExpression?.body ?? '', body => write(element, body, tools), tools));
  return { title: 'この線へ進む条件', rows };
}

/** The ways out of a gateway, each with its condition. */
export function ways(element, tools) {
  const bo = element.businessObject;
  const rows = [];
  if (decides(bo) && element.outgoing.length > 1) {
    for (const flow of element.outgoing.filter(each => is(each, 'bpmn:SequenceFlow'))) rows.push(way(flow, tools));
  }
  if (is(bo, 'bpmn:ComplexGateway')) rows.push(activation(element, tools));
  return rows.length ? { title: '分かれ道の行き先', rows } : null;
}

function way(flow, { modeler }) {
  const bo = flow.businessObject;
  const target = bo.targetRef?.name || bo.targetRef?.id;
  const words = bo.sourceRef.default === bo ? 'どれにも当てはまらないとき' : bo.name || bo.conditionExpression?.body || '条件がありません';
  return h('button', { type: 'button', class: 'way', onclick: () => modeler.get('selection').select(flow) }, `${words} → ${target}`);
}

function activation(element, { fields, modeling, moddle }) {
  const bo = element.businessObject;
  return fields.text('先へ進む条件（式）', bo.activationCondition?.body ?? '', body => modeling.updateModdleProperties(element, bo, {
    activationCondition: body ? moddle.create('bpmn:FormalExpression', { body }) : undefined,
  }), { expression: true, rows: 2 });
}

function decides(source) {
  return isAny(source, ['bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway', 'bpmn:ComplexGateway', 'bpmn:Activity']);
}

function write(flow, body, { modeling, moddle }) {
  const conditionExpression = body ? moddle.create('bpmn:FormalExpression', { body }) : undefined;
  modeling.updateProperties(flow, { conditionExpression });
}

function conditionRows(body, set, tools) {
  const { fields, palette } = tools;
  const questions = questionsOf(palette);
  const parts = parse(body);
  if (parts === null || (body && parts.clauses.some(clause => !questions.has(clause.field)))) {
    return [fields.text('条件（式）', body, set, { expression: true, rows: 3, hint: '例：kekka = "1"' })];
  }
  const change = (index, clause) => {
    parts.clauses[index] = clause;
    set(print(parts));
  };
  const rows = parts.clauses.flatMap((clause, index) => clauseRows(clause, index, questions, change, fields));
  const first = questions.keys().next().value;
  const actions = [];
  if (first) {
    const blank = { field: first, operator: '=', value: questions.get(first).choices[0]?.value ?? '' };
    actions.push(fields.button(parts.clauses.length ? '条件を足す' : '条件を作る',
      () => set(print({ ...parts, clauses: [...parts.clauses, blank] }))));
  }
  if (parts.clauses.length) {
    actions.push(fields.button('最後の条件を消す', () => set(print({ ...parts, clauses: parts.clauses.slice(0, -1) }))));
  }
  if (parts.clauses.length > 1) {
    rows.unshift(fields.choice('組み合わせ', parts.joint, [
      { value: 'and', label: 'すべてに当てはまるとき' }, { value: 'or', label: 'どれかに当てはまるとき' },
    ], joint => set(print({ ...parts, joint }))));
  }
  rows.push(h('div', { class: 'actions' }, actions));
  rows.push(fields.text('式で書く', body, set, { expression: true, rows: 2, redraw: true }));
  return rows;
}

function clauseRows(clause, index, questions, change, fields) {
  const question = questions.get(clause.field);
  const options = [...questions].map(([value, { label, form }]) => ({ value, label: `${label}（${form}）` }));
  const value = question.choices.length
    ? fields.choice('答え', clause.value, question.choices, next => change(index, { ...clause, value: next }))
    : fields.text('答え', clause.value, next => change(index, { ...clause, value: next }));
  return [h('fieldset', { class: 'clause' }, h('legend', {}, `条件${index + 1}`),
    fields.choice('質問', clause.field, options, field => change(index, {
      field, operator: '=', value: questions.get(field).choices[0]?.value ?? '', kind: questions.get(field).kind })),
    fields.choice('くらべ方', clause.operator, OPERATORS.filter(each => each.fits(question)), operator => change(index, { ...clause, operator })),
    value)];
}

// field name → what it asks; of several forms with the same question the first one's words hold
function questionsOf(palette) {
  const found = new Map();
  for (const one of [...palette.forms.filter(each => each.used), ...palette.decisions]) {
    for (const question of one.fields ?? []) {
      if (!found.has(question.key)) found.set(question.key, { ...question, form: one.title });
    }
  }
  return found;
}
