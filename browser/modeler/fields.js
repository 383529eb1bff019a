// Inputs of the side panel. What is typed is written to the diagram after a short pause, when the input is
// left, and whenever somebody flushes (before every save): no word is lost, and undo goes back by pauses.
import { h } from '../shared/dom.js';

const PAUSE = 500; // milliseconds

export class Fields {
  /** `write(change, redraw)` carries a change out; `key` names the element, for ids. */
  constructor(write) {
    this._write = write;
    this._pending = null;
    this._count = 0;
    this.composing = false;
  }

  /** Ids start again with every drawing, so that the focus finds its input back. */
  restart() {
    this.flush();
    this._count = 0;
  }

  /** Write what is still only typed. */
  flush() {
    const pending = this._pending;
    this._pending = null;
    if (pending) {
      clearTimeout(pending.timer);
      pending.commit();
    }
  }

  text(label, value, set, { hint, rows = 1, options, expression = false, redraw = false } = {}) {
    const id = this._id();
    const input = rows > 1
      ? h('textarea', { id, rows, value, spellcheck: 'false' })
      : h('input', { id, type: 'text', value, autocomplete: 'off', spellcheck: 'false' });
    if (expression) input.classList.add('expression');
    if (hint) input.setAttribute('aria-describedby', `${id}-hint`);
    let list = null;
    if (options) {
      list = h('datalist', { id: `${id}-list` }, options.map(option => h('option', { value: option })));
      input.setAttribute('list', list.id);
    }
    this._watch(input, value, set, redraw);
    return this._row(id, label, hint, input, list);
  }

  choice(label, value, options, set, { hint, empty, redraw = true } = {}) {
    const id = this._id();
    const known = options.some(option => option.value === value);
    const items = options.map(option => h('option', { value: option.value }, option.label));
    if (empty !== undefined) items.unshift(h('option', { value: '' }, empty));
    if (value && !known) items.push(h('option', { value }, `${value}（見つかりません）`));
    const select = h('select', { id, value: value ?? '', 'aria-describedby': hint ? `${id}-hint` : null }, items);
    select.value = value ?? '';
    select.addEventListener('change', () => {
      this.flush();
      this._write(() => set(select.value), redraw);
    });
    return this._row(id, label, hint, select);
  }

  check(label, value, set, { hint } = {}) {
    const id = this._id();
    const input = h('input', { id, type: 'checkbox', checked: value });
    input.addEventListener('change', () => {
      this.flush();
      this._write(() => set(input.checked), true);
    });
    return h('div', { class: 'field check' }, input, h('label', { for: id }, label),
      hint ? h('p', { class: 'hint', id: `${id}-hint` }, hint) : null);
  }

  number(label, value, set, { hint, min = 0 } = {}) {
    const id = this._id();
    const input = h('input', { id, type: 'text', inputmode: 'numeric', value, size: 6,
      'aria-describedby': hint ? `${id}-hint` : null });
    const narrow = typed => typed.normalize('NFKC').replace(/[^0-9]/g, '');
    this._watch(input, value, typed => {
      const digits = narrow(typed);
      set(digits === '' ? '' : String(Math.max(min, Number(digits))));
    }, false);
    return this._row(id, label, hint, input);
  }

  button(label, act, { kind = '' } = {}) {
    return h('button', { type: 'button', class: kind, onclick: () => {
      this.flush();
      this._write(act, true);
    } }, label);
  }

  _watch(input, value, set, redraw) {
    let last = value ?? '';
    const commit = () => {
      if (input.value === last) return;
      last = input.value;
      this._write(() => set(input.value), redraw && 'later');
    };
    const later = event => {
      if (this._pending) clearTimeout(this._pending.timer);
      // while Japanese is being converted nothing is written: the conversion would be cut off
      const timer = event.isComposing ? undefined : setTimeout(() => this.flush(), PAUSE);
      this._pending = { commit, timer };
    };
    input.addEventListener('input', later);
    input.addEventListener('compositionstart', () => { this.composing = true; });
    input.addEventListener('compositionend', event => {
      this.composing = false;
      later(event);
    });
    input.addEventListener('change', () => this.flush());
    input.addEventListener('blur', () => { this.composing = false; });
    // typing in the panel is never a shortcut of the canvas
    input.addEventListener('keydown', event => {
      if (!((event.ctrlKey || event.metaKey) && event.key === 's')) event.stopPropagation();
    });
  }

  _row(id, label, hint, ...controls) {
    return h('div', { class: 'field' }, h('label', { for: id }, label),
      hint ? h('p', { class: 'hint', id: `${id}-hint` }, hint) : null, controls);
  }

  _id() {
    this._count += 1;
    return `panel-${this._count}`;
  }
}
