// Name, notes, number.
import { is, isAny } from 'bpmn-js/lib/util/ModelUtil.js';
import { carrier } from '../extensions.js';

const NUMBER = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;

/** The name. */
export function identity(element, { fields, modeling }) {
  const bo = element.businessObject;
  if (is(bo, 'bpmn:TextAnnotation')) {
    return { title: '注釈', rows: [fields.text('文', bo.text ?? '', text => modeling.updateProperties(element, { text }), { rows: 4 })] };
  }
  if (isAny(bo, ['bpmn:Collaboration', 'bpmn:Group', 'bpmn:Association'])) return null;
  const hint = isAny(bo, ['bpmn:UserTask', 'bpmn:ManualTask']) ? '「〜する」で終わる短い言い方にします。' : undefined;
  return { title: '名前', rows: [
    fields.text('名前', bo.name ?? '', name => rename(element, modeling, name), { hint, rows: hint ? 2 : 1 }),
  ] };
}

/** Notes and the number (id). */
export function particulars(element, { fields, modeling, moddle, registry }) {
  const bo = carrier(element);
  const rows = [
    fields.text('メモ（根拠・申し送り。職員の画面には出ません）', bo.documentation?.[0]?.text ?? '', text => {
      const documentation = text ? [moddle.create('bpmn:Documentation', { text })] : [];
      modeling.updateModdleProperties(element, bo, { documentation });
    }, { rows: 3 }),
  ];
  if (!isAny(bo, ['bpmn:Collaboration', 'bpmn:Process'])) {
    rows.push(fields.text('番号', bo.id, id => renumber(element, modeling, registry, id.normalize('NFKC').trim()),
      { hint: '動いている案件はこの番号で引き継がれます。公開したあとは変えないでください。', redraw: true }));
  }
  return { title: 'メモ・番号', rows, closed: true };
}

function rename(element, modeling, name) {
  if (is(element, 'bpmn:Process')) modeling.updateModdleProperties(element, element.businessObject, { name });
  else modeling.updateLabel(element, name);
}

// an unusable or taken number is not written: the field shows the old one again
function renumber(element, modeling, registry, id) {
  if (NUMBER.test(id) && !registry.get(id)) modeling.updateProperties(element, { id });
}
