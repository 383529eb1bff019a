// What the engine does by itself: calculations, operations, decisions, called processes.
import { h } from '../../shared/dom.js';
import { carrier, extension, properties, property, text } from '../extensions.js';

/** A calculation: an expression, and the name that its result gets. */
export function calculation(element, { fields, modeling, writer }) {
  const bo = carrier(element);
  return { title: '計算', rows: [
    fields.text('式', bo.script ?? '', script => modeling.updateProperties(element, { script, scriptFormat: 'feel' }),
      { expression: true, rows: 4 }),
    resultRow(element, { fields, writer }, '結果の名前（空なら、結果の中の名前ごとに入ります）'),
  ] };
}

/** An automatic operation by name, with its particulars. */
export function operation(element, { fields, writer, palette }) {
  const operator = extension(carrier(element), 'ServiceTaskOperator');
  const state = {
    id: operator?.get('id') ?? '', resultVariable: operator?.get('resultVariable') ?? '',
    retries: operator?.get('retry')?.get('retries') ?? '',
    parameters: (operator?.get('parameters')?.get('values') ?? []).map(each => ({
      id: each.get('id'), type: each.get('type'), value: each.get('value') ?? '' })),
  };
  const write = change => writer.setOperator(element, { ...state, ...change });
  const known = palette.operators.find(each => each.id === state.id);
  const names = [...new Set([...(known?.parameters ?? []).map(each => each.id), ...state.parameters.map(each => each.id)])];
  const rows = [fields.choice('何をするか', state.id, palette.operators.map(({ id, name }) => ({ value: id, label: name })),
    id => write({ id, parameters: [] }), { empty: '（選んでください）' })];
  for (const name of names) {
    const label = known?.parameters.find(each => each.id === name)?.label ?? name;
    const before = state.parameters.find(each => each.id === name);
    rows.push(fields.text(`${label}（式）`, before?.value ?? '', value => {
      const others = state.parameters.filter(each => each.id !== name);
      state.parameters = value === '' ? others : [...others, { id: name, type: before?.type ?? 'str', value }];
      write({});
    }, { expression: true, hint: '決まった言葉は "…" で囲みます。' }));
  }
  if (state.id) {
    rows.push(fields.text('結果の名前', state.resultVariable, resultVariable => { state.resultVariable = resultVariable; write({}); }));
    rows.push(fields.number('失敗したときにやり直す回数', state.retries, retries => { state.retries = retries; write({}); }));
  }
  return { title: '自動の処理', rows };
}

/** A decision table. */
export function decision(element, { fields, writer, palette }) {
  const bo = carrier(element);
  const options = palette.decisions.map(({ id, name }) => ({ value: id, label: `${id} ${name}` }));
  const chosen = text(bo, 'CalledDecisionId');
  const known = palette.decisions.find(each => each.id === chosen);
  return { title: '判定表', rows: [
    fields.choice('使う判定表', chosen, options, id => writer.setText(element, 'CalledDecisionId', id), { empty: '（選んでください）' }),
    known ? h('p', { class: 'hint' }, `読むもの：${known.inputs.join('、') || 'なし'}／決めるもの：${known.fields.map(each => each.label).join('、') || 'なし'}`) : null,
    known?.href ? h('p', {}, h('a', { href: known.href, target: '_blank' }, 'この判定表を見る')) : null,
    resultRow(element, { fields, writer }, '結果の名前（空なら、決めるものの名前ごとに入ります）'),
  ].filter(Boolean) };
}

/** Another process that is called, with what it gets and gives back. */
export function called(element, { fields, modeling, writer, palette }) {
  const bo = carrier(element);
  const options = palette.processes.map(({ id, name }) => ({ value: id, label: `${id} ${name}` }));
  return { title: '呼ぶ手続き', rows: [
    fields.choice('手続き', bo.calledElement ?? '', options, calledElement => modeling.updateProperties(element, { calledElement }),
      { empty: '（選んでください）' }),
    ...mappingRows(element, 'in:', '渡すもの', { fields, writer }),
    ...mappingRows(element, 'out:', '受け取るもの', { fields, writer }),
  ] };
}

function mappingRows(element, prefix, title, { fields, writer }) {
  const entries = properties(carrier(element)).map(entry => [entry.get('name'), entry.get('value')])
    .filter(([name]) => name.startsWith(prefix));
  const set = (name, value) => writer.setProperty(element, name, value);
  return [
    h('h3', {}, title),
    entries.length ? null : h('p', { class: 'hint' }, '書かなければ、すべて渡してすべて受け取ります。'),
    ...entries.map(([name, value]) => fields.text(name.slice(prefix.length), value, next => set(name, next), { expression: true })),
    adding(fields, `${title}の名前`, name => set(prefix + name, name)),
  ].filter(Boolean);
}

function adding(fields, label, add) {
  let typed = '';
  const row = fields.text(label, '', () => {});
  row.querySelector('input').addEventListener('input', event => { typed = event.target.value; });
  return h('div', { class: 'adding' }, row, fields.button('足す', () => {
    const name = typed.trim();
    if (name) add(name);
  }));
}

function resultRow(element, { fields, writer }, label) {
  const bo = carrier(element);
  const asProperty = property(bo, 'result');
  return fields.text(label, asProperty || text(bo, 'VariableName'), name => {
    if (asProperty) writer.setProperty(element, 'result', name);
    else writer.setText(element, 'VariableName', name);
  });
}
