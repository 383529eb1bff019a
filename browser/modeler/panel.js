// The side panel: what the selected part of the diagram is, who does it, with which form, until when.
import { getLabel } from 'bpmn-js/lib/util/LabelUtil.js';
import { h } from '../shared/dom.js';
import { ExtensionWriter } from './extensions.js';
import { Fields } from './fields.js';
import { sectionsFor } from './sections.js';
import { kindOf } from './kinds.js';

const NAMELESS = '（名前なし）';

export class Panel {
  constructor(modeler, host, palette) {
    this._modeler = modeler;
    this._host = host;
    this._element = null;
    this._drawing = false;
    this._own = false;
    this._findings = [];
    this._fields = new Fields((change, redraw) => this._change(change, redraw));
    this._tools = {
      modeler, palette, fields: this._fields, writer: new ExtensionWriter(modeler),
      modeling: modeler.get('modeling'), moddle: modeler.get('moddle'),
      registry: modeler.get('elementRegistry'), factory: modeler.get('bpmnFactory'),
    };
    const bus = modeler.get('eventBus');
    bus.on('selection.changed', ({ newSelection }) => this.show(newSelection));
    bus.on('import.done', () => this.show([]));
    bus.on('elements.changed', ({ elements }) => {
      if (!this._own && (elements.includes(this._element) || elements.includes(this._element?.labelTarget))) this._draw();
    });
    bus.on('root.set', () => this.show([]));
  }

  /** Show one selected element; none: the whole process; several: how many. */
  show(selection) {
    this.flush();
    const root = this._modeler.get('canvas').getRootElement();
    const element = selection.length === 1 ? selection[0].labelTarget ?? selection[0] : selection.length ? null : root;
    if (element !== this._element) this._host.scrollTop = 0;
    this._element = element?.businessObject ? element : null; // before a diagram is open the canvas has an empty root
    this._draw(selection.length);
  }

  /** Write what is typed and not yet in the diagram. */
  flush() {
    this._fields.flush();
  }

  /** Show the problems of each element above its fields. */
  mark(findings) {
    this._findings = findings;
    this._draw();
  }

  _change(change, redraw) {
    this._own = true;
    try {
      change();
    } finally {
      this._own = false;
    }
    if (redraw === 'later') setTimeout(() => this._draw(), 200); // the focus moves on first
    else if (redraw) this._draw();
    else this._host.querySelector('h2')?.replaceChildren(getLabel(this._element) || NAMELESS);
  }

  _draw(count = 1) {
    if (this._drawing || this._fields.composing) return;
    this._drawing = true;
    const focus = remember(this._host);
    this._fields.restart();
    this._host.replaceChildren(...(this._element ? this._page() : [h('p', {}, count ? `${count}個の部品を選んでいます。` : '図を開いています。')]));
    focus();
    this._drawing = false;
  }

  _page() {
    const element = this._element;
    const own = this._findings.filter(finding => finding.element === element.businessObject?.id);
    const name = getLabel(element) || poolNames(element);
    return [
      h('header', { class: 'panel-head' }, h('p', { class: 'kind' }, kindOf(element)),
        h('h2', {}, name || NAMELESS)),
      own.length ? h('ul', { class: 'panel-findings' }, own.map(finding =>
        h('li', { class: finding.severity }, finding.message))) : null,
      ...sectionsFor(element, this._tools).map(section =>
        h('details', { class: 'section', open: !section.closed },
          h('summary', {}, section.title), section.rows)),
    ].filter(Boolean);
  }
}

// the input with the focus keeps it, with its caret, over a drawing
function remember(host) {
  const active = document.activeElement;
  if (!active || !host.contains(active) || !active.id) return () => {};
  const { id, selectionStart, selectionEnd } = active;
  return () => {
    const again = host.querySelector(`#${CSS.escape(id)}`);
    again?.focus({ preventScroll: true });
    if (again && selectionStart !== null && again.setSelectionRange && again.type === 'text') {
      again.setSelectionRange(selectionStart, selectionEnd);
    }
  };
}

/** A diagram with pools has no name of its own: it is called as they are. */
function poolNames(element) {
  return (element.businessObject?.participants ?? []).map(pool => pool.name).filter(Boolean).join('・');
}
