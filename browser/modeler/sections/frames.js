// Lanes and the whole process.
import { is } from 'bpmn-js/lib/util/ModelUtil.js';
import { carrier, property } from '../extensions.js';
import { agencyRows } from './work.js';

/** A lane: which role, at which agency. */
export function lane(element, { fields, writer, palette }) {
  const bo = carrier(element);
  return { title: 'この枠の役割と機関', rows: [
    fields.choice('役割', property(bo, 'role'), palette.roles.map(({ code, name }) => ({ value: code, label: name })),
      role => writer.setProperty(element, 'role', role), { empty: '（選んでください）' }),
    ...agencyRows(property(bo, 'agency'), value => writer.setProperty(element, 'agency', value), { fields, palette }, '（選んでください）'),
  ] };
}

/** The process: whether it opens a case of its own, and its first stage. */
export function process(element, { fields, writer, palette, registry }) {
  const bo = carrier(element);
  if (!is(bo, 'bpmn:Process')) return frames(registry);
  const opens = property(bo, 'case');
  return { title: '手続きの決まり', rows: [
    fields.choice('案件', opens.startsWith('own:') ? 'own' : '', [{ value: 'own', label: '知らせで始まったら、新しい案件を作る' }],
      chosen => writer.setProperty(element, 'case', chosen ? 'own:相' : ''), { empty: '同じ案件の中で動く' }),
    opens.startsWith('own:') ? fields.text('新しい案件の種別', opens.slice('own:'.length),
      kind => writer.setProperty(element, 'case', `own:${kind}`), { hint: '案件番号に入る1字。例：相、会、報' }) : null,
    fields.choice('始まりの段階', property(bo, 'stage'), palette.stages.map(stage => ({ value: stage, label: stage })),
      stage => writer.setProperty(element, 'stage', stage), { empty: '決めない' }),
  ].filter(Boolean) };
}

function frames(registry) {
  const count = registry.filter(each => is(each, 'bpmn:FlowNode') && !each.labelTarget).length;
  const note = document.createElement('p');
  note.textContent = `部品は${count}個です。図の部品か線を選ぶと、ここで名前・様式・担当・期限・条件を変えられます。`;
  return { title: 'この図について', rows: [note] };
}
