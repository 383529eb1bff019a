// What a person does: with which form, who, until when, and what helps.
import { carrier, property, text } from '../extensions.js';

/** The form. */
export function form(element, { fields, writer, palette }) {
  const bo = carrier(element);
  const options = palette.forms.map(one => ({ value: one.key, label: `${one.key} ${one.title}` }));
  return { title: '様式', rows: [
    fields.choice('記入する様式', property(bo, 'form'), options, key => writer.setProperty(element, 'form', key),
      { empty: '（選んでください）' }),
  ] };
}

/** Who does it: the frame's role and agency, unless the task says otherwise. */
export function who(element, { fields, writer, palette, registry }) {
  const bo = carrier(element);
  const frame = laneOf(bo, registry);
  return { title: 'だれが', rows: [
    ...agencyRows(property(bo, 'agency'), value => writer.setProperty(element, 'agency', value), { fields, palette },
      frame ? `役割の枠のとおり（${frame.name ?? '名前なし'}）` : '役割の枠のとおり'),
    fields.choice('役割', property(bo, 'role'), named(palette.roles), role => writer.setProperty(element, 'role', role),
      { empty: '役割の枠のとおり' }),
  ] };
}

/** Agency: a fixed one, a relation of the case, the item of a repetition, or an expression. */
export function agencyRows(value, set, { fields, palette }, unset) {
  const kind = agencyKind(value);
  const first = palette.agencies[0]?.code ?? '';
  const rows = [fields.choice('機関', kind, [
    { value: 'fixed', label: '決まった機関' }, { value: 'relation', label: '案件との関わりで決まる' },
    { value: 'item', label: '相手ごと（くり返しの相手）' }, { value: 'expression', label: '式で決める' },
  ], chosen => set({ '': '', fixed: first, relation: '@受付', item: '@項目', expression: '=' }[chosen]), { empty: unset })];
  if (kind === 'fixed') rows.push(fields.choice('機関の名前', value, named(palette.agencies), set));
  if (kind === 'relation') {
    rows.push(fields.choice('案件との関わり', value, palette.relations.map(({ code, name }) => ({ value: code, label: name })), set));
  }
  if (kind === 'expression') {
    rows.push(fields.text('式', value.slice(1), typed => set(`=${typed}`),
      { expression: true, rows: 2, hint: '結果が機関コードになる式' }));
  }
  return rows;
}

/** Until when: a row of table D5, business days, an expression, or none with its reason. */
export function due(element, { fields, writer, palette }) {
  const value = property(carrier(element), 'due');
  const set = next => writer.setProperty(element, 'due', next);
  const kind = dueKind(value);
  const rows = [fields.choice('期限の決め方', kind, [
    { value: 'table', label: '期限の表（D5）のとおり' }, { value: 'days', label: '営業日の数' },
    { value: 'none', label: '期限なし（理由を書く）' }, { value: 'expression', label: '式で決める' },
  ], chosen => set({ '': '', table: `D5:${palette.deadlines[0]?.key ?? ''}`, days: '3', none: 'none:', expression: '=' }[chosen]),
  { empty: '（選んでください）' })];
  if (kind === 'table') {
    const rowsOf = palette.deadlines.map(one => ({ value: `D5:${one.key}`, label: one.words ? `${one.key}（${one.words}）` : one.key }));
    rows.push(fields.choice('期限の表の行', value, rowsOf, set));
  }
  if (kind === 'days') rows.push(fields.number('営業日の数', value, set, { hint: '受け取った日の次の営業日から数えます。' }));
  if (kind === 'none') {
    rows.push(fields.text('期限なしの理由', value.slice('none:'.length), reason => set(`none:${reason}`), { rows: 2 }));
  }
  if (kind === 'expression') {
    rows.push(fields.text('式', value.slice(1), typed => set(`=${typed}`),
      { expression: true, rows: 2, hint: '日付、または営業日の数になる式' }));
  }
  return { title: 'いつまでに', rows };
}

/** Stage, title, instructions, and what the inbox shows. */
export function help(element, { fields, writer, palette }) {
  const bo = carrier(element);
  const set = name => value => writer.setProperty(element, name, value);
  return { title: '説明・見出し・取扱い', rows: [
    fields.text('職員への説明', text(bo, 'InstructionsForEndUser'), value => writer.setText(element, 'InstructionsForEndUser', value),
      { rows: 4, hint: '仕事の画面のいちばん上に出ます。' }),
    fields.text('見出し（名前とちがうときだけ）', property(bo, 'title'), set('title'), { hint: '受信箱に出る短い言い方' }),
    fields.choice('段階', property(bo, 'stage'), palette.stages.map(stage => ({ value: stage, label: stage })), set('stage'),
      { empty: '変えない' }),
    fields.choice('取扱区分（これ以上にする）', property(bo, 'class'), palette.classes.map(({ code, name }) => ({ value: code, label: `${code} ${name}` })),
      set('class'), { empty: '様式のとおり' }),
    fields.text('前の様式から引き写す', property(bo, 'prefill'), set('prefill'), { hint: '様式の番号をコンマで区切ります。例：F-A01, F-A03' }),
    fields.text('受信箱に添える言葉（式）', property(bo, 'subject'), set('subject'), { expression: true }),
    fields.text('会議限定の案件（式）', property(bo, 'compartment'), set('compartment'), { expression: true }),
  ], closed: false };
}

function agencyKind(value) {
  if (!value) return '';
  if (value.startsWith('=')) return 'expression';
  if (value === '@項目') return 'item';
  return value.startsWith('@') ? 'relation' : 'fixed';
}

function dueKind(value) {
  if (!value) return '';
  if (value.startsWith('D5:')) return 'table';
  if (value.startsWith('none:')) return 'none';
  return value.startsWith('=') ? 'expression' : 'days';
}

function named(list) {
  return list.map(({ code, name }) => ({ value: code, label: name }));
}

function laneOf(bo, registry) {
  const frames = registry.filter(each => each.type === 'bpmn:Lane').map(each => each.businessObject);
  return frames.filter(frame => frame.flowNodeRef?.includes(bo)).pop();
}
