// The decision table editor (island): a table's cells, drafts, check.
import EditingManager from 'dmn-js-shared/lib/base/EditingManager';
import DecisionTableEditor from 'dmn-js-decision-table/lib/Editor';
import LiteralExpressionEditor from 'dmn-js-literal-expression/lib/Editor';
import { is } from 'dmn-js-shared/lib/util/ModelUtil';

import 'dmn-js/dist/assets/dmn-js-shared.css';
import 'dmn-js/dist/assets/dmn-js-decision-table.css';
import 'dmn-js/dist/assets/dmn-js-decision-table-controls.css';
import 'dmn-js/dist/assets/dmn-js-literal-expression.css';
import 'dmn-js/dist/assets/dmn-font/css/dmn.css';
import './dmn.css';

import { ask, h } from '../shared/dom.js';
import { Drafts } from '../shared/drafts.js';
import { translation } from '../shared/translate.js';
import { WORDS } from './words.js';

// tables and single expressions only: the picture of their connections is not needed to change a table
class TableEditor extends EditingManager {
  _getViewProviders() {
    return [
      { id: 'decisionTable', constructor: DecisionTableEditor,
        opens: element => is(element, 'dmn:Decision') && is(element.decisionLogic, 'dmn:DecisionTable') },
      { id: 'literalExpression', constructor: LiteralExpressionEditor,
        opens: element => is(element, 'dmn:Decision') && is(element.decisionLogic, 'dmn:LiteralExpression') },
    ];
  }
}

async function open(island) {
  const part = name => island.querySelector(`[data-part="${name}"]`);
  const { draftUrl, checkUrl, file } = island.dataset;
  const { module, missing } = translation(WORDS);
  const editor = new TableEditor({
    container: part('canvas'), debounceInput: false, keyboard: { bindTo: document },
    decisionTable: { additionalModules: [module] }, literalExpression: { additionalModules: [module] },
  });
  const stack = () => editor.getActiveViewer()?.get('commandStack');
  const reflect = () => {
    part('undo').setAttribute('aria-disabled', String(!stack()?.canUndo()));
    part('redo').setAttribute('aria-disabled', String(!stack()?.canRedo()));
  };
  const watched = new WeakSet();
  let drafts = null;
  const watch = () => {
    const viewer = editor.getActiveViewer();
    if (!viewer || watched.has(viewer)) return;
    watched.add(viewer);
    viewer.on('elements.changed', () => { reflect(); drafts?.changed(); });
  };
  const show = async text => {
    await editor.importXML(text);
    const views = editor.getViews();
    await editor.open(views.find(view => view.type === 'decisionTable') ?? views[0]);
    tell();
  };
  const tell = () => {
    watch();
    part('row').hidden = editor.getActiveView()?.type !== 'decisionTable';
    part('views').replaceChildren(...viewButtons(editor));
    // the empty corner above the rows' numbers heads nothing: to a screen reader it is a cell
    for (const corner of part('canvas').querySelectorAll('th.index-column')) corner.setAttribute('role', 'cell');
    reflect();
  };
  editor.on('views.changed', tell);
  const draft = (await ask(draftUrl)).body;
  await show(draft.files[file]);
  drafts = new Drafts({
    url: draftUrl, file, revision: draft.revision, status: part('status'), adopt: show,
    content: async () => (await editor.saveXML({ format: true })).xml,
  });
  part('undo').addEventListener('click', () => stack()?.undo());
  part('redo').addEventListener('click', () => stack()?.redo());
  part('row').addEventListener('click', () => editor.getActiveViewer().get('editorActions').trigger('addRule'));
  part('check').addEventListener('click', () => check(part('findings'), drafts, checkUrl));
  for (const link of document.querySelectorAll('a[data-after-saving]')) {
    link.addEventListener('click', async event => {
      event.preventDefault();
      if (await drafts.save()) location.assign(link.href);
    });
  }
  reflect();
  island.dataset.ready = 'yes';
  return { editor, missing, drafts };
}

// a table may rest on calculations of its own: each is a view
function viewButtons(editor) {
  const views = editor.getViews();
  if (views.length < 2) return [];
  return views.map(view => h('button', { type: 'button', 'aria-pressed': String(view === editor.getActiveView()),
    onclick: () => editor.open(view) }, `${view.type === 'decisionTable' ? '表' : '計算'}：${view.element.name ?? view.id}`));
}

async function check(host, drafts, url) {
  document.activeElement?.blur(); // a cell that is still open is written first
  if (!await drafts.save()) return;
  const { status, body } = await ask(url, { method: 'POST', body: {} });
  const found = status === 200 ? body.findings : [{ message: body?.sentence ?? '点検できませんでした。もう一度ためしてください。' }];
  const errors = found.filter(one => one.severity !== 'warning' && one.severity !== 'information').length;
  const words = found.length === 0 ? '直すところはありません。' : errors ? `直すところが${errors}件あります。` : `確かめるところが${found.length}件あります。`;
  host.hidden = false;
  host.replaceChildren(h('h2', { tabindex: '-1', class: errors ? 'error' : 'good' }, words),
    found.length ? h('ol', {}, found.map(one => h('li', {}, one.message))) : '');
  host.querySelector('h2').focus();
}

for (const island of document.querySelectorAll('[data-island="dmn"]')) {
  island.editor = open(island);
  island.editor.catch(error => {
    island.querySelector('[data-part="canvas"]').replaceChildren(h('p', { class: 'broken', role: 'alert' },
      'この判定表を開けませんでした。元の内容はそのまま残っています。', h('br'), h('small', {}, error.message)));
  });
}
