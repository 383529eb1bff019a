// The process editor (island): the canvas, the side panel, drafts, check and the way to publishing.
import Modeler from 'bpmn-js/lib/Modeler.js';
import minimap from 'diagram-js-minimap';
import { CreateAppendAnythingModule } from 'bpmn-js-create-append-anything';

import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn.css';
import 'diagram-js-minimap/assets/diagram-js-minimap.css';
import './modeler.css';

import { ask, h } from '../shared/dom.js';
import { Drafts } from '../shared/drafts.js';
import { translation } from '../shared/translate.js';
import { Findings } from './findings.js';
import moddle from './moddle.json';
import { Panel } from './panel.js';
import people from './people.js';
import references from './references.js';
import { Tokens } from './tokens.js';
import { WORDS } from './words.js';

async function open(island) {
  const part = name => island.querySelector(`[data-part="${name}"]`);
  const { draftUrl, checkUrl, paletteUrl, file } = island.dataset;
  const { module, missing } = translation(WORDS);
  const modeler = new Modeler({
    container: part('canvas'),
    debounceInput: false, // an edit typed just before saving would be lost
    additionalModules: [minimap, CreateAppendAnythingModule, people, references, module],
    moddleExtensions: { spiffworkflow: moddle },
    exporter: { name: 'tsunagi', version: '1' },
  });
  const [palette, draft] = (await Promise.all([ask(paletteUrl), ask(draftUrl)])).map(answer => answer.body);
  const tokens = new Tokens(modeler, part('trace'));
  const findings = new Findings(modeler, part('findings'), finding => tokens.play(finding));
  const panel = new Panel(modeler, part('panel'), palette);
  const content = async () => {
    panel.flush();
    return (await modeler.saveXML({ format: true })).xml;
  };
  const show = async text => {
    const { warnings } = await modeler.importXML(text);
    if (warnings.length) {
      // what the editor cannot read it would not write either: nothing is saved over such a diagram
      drafts.stop('この図には読み取れないところがあるため、ここでは保存しません。一覧で編集してください。');
      findings.show(warnings.map(unreadable));
    }
    begin(modeler);
  };
  const drafts = new Drafts({
    url: draftUrl, file, revision: draft.revision, status: part('status'), content, adopt: show,
  });
  await show(draft.files[file]);
  modeler.on('commandStack.changed', () => {
    reflect(modeler, part);
    drafts.changed();
  });
  part('panel').addEventListener('input', () => drafts.changed());
  wire({ part, modeler, drafts, findings, panel, tokens, checkUrl });
  reflect(modeler, part);
  island.dataset.ready = 'yes';
  return { modeler, missing, drafts };
}

function wire({ part, modeler, drafts, findings, panel, tokens, checkUrl }) {
  const act = (name, action) => part(name)?.addEventListener('click', action);
  act('undo', () => { panel.flush(); modeler.get('commandStack').undo(); });
  act('redo', () => modeler.get('commandStack').redo());
  act('closer', () => modeler.get('zoomScroll').stepZoom(1));
  act('farther', () => modeler.get('zoomScroll').stepZoom(-1));
  act('whole', () => fit(modeler));
  act('keys', () => keys().showModal());
  act('check', async () => {
    tokens.stop();
    if (!await drafts.save()) return;
    const { status, body } = await ask(checkUrl, { method: 'POST', body: {} }).catch(() => ({ status: 0 }));
    const found = status === 200 ? body.findings : [unreachable(body)];
    findings.show(found);
    panel.mark(found);
    part('findings').querySelector('h2')?.focus();
  });
  for (const link of document.querySelectorAll('a[data-after-saving]')) {
    link.addEventListener('click', async event => {
      event.preventDefault();
      if (await drafts.save()) location.assign(link.href);
    });
  }
  document.addEventListener('keydown', event => {
    if ((event.ctrlKey || event.metaKey) && event.key === 's') {
      event.preventDefault();
      drafts.save();
    }
  });
}

const TOOLS = 120; // pixels that the bar of tools covers at the left
const READABLE = 0.6;

// the whole picture beside the bar of tools
function fit(modeler) {
  const canvas = modeler.get('canvas');
  canvas.viewbox(false);
  const { inner, outer } = canvas.viewbox();
  const scale = Math.min(1, (outer.width - TOOLS - 20) / inner.width, (outer.height - 40) / inner.height);
  frame(canvas, outer, scale, inner.x, inner.y + inner.height / 2);
  return scale;
}

// a large diagram opens where it begins, large enough to be read
function begin(modeler) {
  if (fit(modeler) >= READABLE) return;
  const canvas = modeler.get('canvas');
  const { inner, outer } = canvas.viewbox();
  const start = modeler.get('elementRegistry').filter(each => each.type === 'bpmn:StartEvent' && !each.labelTarget)
    .sort((one, other) => one.x - other.x)[0];
  frame(canvas, outer, 0.8, inner.x, start ? start.y : inner.y + outer.height / 2);
}

function frame(canvas, outer, scale, left, middle) {
  const [width, height] = [outer.width / scale, outer.height / scale];
  canvas.viewbox({ x: left - TOOLS / scale, y: middle - height / 2, width, height });
}

function reflect(modeler, part) {
  const stack = modeler.get('commandStack');
  part('undo').setAttribute('aria-disabled', String(!stack.canUndo()));
  part('redo').setAttribute('aria-disabled', String(!stack.canRedo()));
}

function unreadable(warning) {
  return { severity: 'error', element: warning.element?.id ?? null, message: `図の画面では読み取れないところです：${warning.message}`, trace: [] };
}

function unreachable(body) {
  return { severity: 'error', element: null, message: body?.sentence ?? '点検できませんでした。入力は保存されています。もう一度ためしてください。', trace: [] };
}

const KEYS = [
  ['Ctrl + Z ／ Ctrl + Y', '元に戻す／やり直す'], ['Ctrl + C ／ Ctrl + V', '写す／はる'], ['Ctrl + A', 'すべて選ぶ'],
  ['Ctrl + F', '図の中をさがす'], ['Ctrl + S', 'いますぐ保存する'], ['Delete', '選んだ部品を消す'], ['E', '名前を書きかえる'],
  ['R', '種類を変える'], ['N', '部品を置く'], ['A', '次に部品を置く'], ['H ／ L ／ S ／ C', '図を動かす／囲んで選ぶ／間をあける／線でつなぐ'],
  ['矢印（＋Shift）', '選んだ部品を動かす（大きく）'], ['Ctrl + 矢印', '図をずらす'], ['Ctrl + ＋ ／ Ctrl + − ／ Ctrl + 0', '大きく／小さく／もとの大きさ'],
];

function keys() {
  const dialog = h('dialog', { class: 'keys', 'aria-labelledby': 'keys-title', onclose: () => dialog.remove() },
    h('h2', { id: 'keys-title' }, 'キーの使い方'),
    h('table', {}, h('tbody', {}, KEYS.map(([key, words]) => h('tr', {}, h('th', { scope: 'row' }, key), h('td', {}, words))))),
    h('p', {}, '部品から部品へキーだけで移るときは「一覧で編集する」を使ってください。図と同じ内容を、順に並べて直せます。'),
    h('form', { method: 'dialog' }, h('button', { class: 'primary' }, '閉じる')));
  document.body.append(dialog);
  return dialog;
}

for (const island of document.querySelectorAll('[data-island="modeler"]')) {
  island.editor = open(island);
  island.editor.catch(error => {
    const words = 'この図を開けませんでした。元の内容はそのまま残っています。ページを読み直しても開けないときは、一覧で編集するか、管理者に知らせてください。';
    island.querySelector('[data-part="canvas"]').replaceChildren(h('p', { class: 'broken', role: 'alert' }, words, h('br'), h('small', {}, error.message)));
  });
}
