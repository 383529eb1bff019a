// What the server's check found: marks on the elements, a list with a way to each of them.
import { h } from '../shared/dom.js';

const WORDS = { error: '直してください', warning: '確かめてください', information: 'お知らせ' };
const SIGNS = { error: '!', warning: '?', information: 'i' };

export class Findings {
  /** `play(finding)` shows how a case gets into the trap. */
  constructor(modeler, host, play) {
    this._modeler = modeler;
    this._host = host;
    this._play = play;
  }

  /** Show the findings; none is good news and said so. */
  show(findings) {
    this._unmark();
    const registry = this._modeler.get('elementRegistry');
    for (const [id, own] of grouped(findings)) {
      if (registry.get(id)) this._mark(id, own);
    }
    this._host.hidden = false;
    this._host.replaceChildren(this._heading(findings), findings.length ? this._list(findings) : '');
  }

  /** Take marks and list away. */
  clear() {
    this._unmark();
    this._host.hidden = true;
    this._host.replaceChildren();
  }

  _heading(findings) {
    const errors = findings.filter(finding => finding.severity === 'error').length;
    const words = findings.length === 0 ? '直すところはありません。公開できます。'
      : errors ? `直すところが${errors}件あります。` : `公開できます。確かめるところが${findings.length}件あります。`;
    return h('header', { class: 'findings-head' },
      h('h2', { tabindex: '-1', class: errors ? 'error' : 'good' }, words),
      h('button', { type: 'button', class: 'quiet', onclick: () => this.clear() }, '閉じる'));
  }

  _list(findings) {
    return h('ol', { class: 'findings' }, findings.map((finding, index) => h('li', { class: finding.severity, id: `finding-${index}` },
      h('span', { class: 'severity' }, WORDS[finding.severity] ?? ''),
      h('span', { class: 'place' }, this._place(finding)),
      h('span', { class: 'message' }, finding.message),
      finding.element && this._modeler.get('elementRegistry').get(finding.element)
        ? h('button', { type: 'button', onclick: () => this.jump(finding.element) }, '図で見る') : null,
      finding.trace?.length ? h('button', { type: 'button', onclick: () => this._play(finding) }, 'どうしてそうなるか見る') : null)));
  }

  _place(finding) {
    const element = finding.element && this._modeler.get('elementRegistry').get(finding.element);
    const name = element?.businessObject.name;
    return finding.element ? (name ? `${name}（${finding.element}）` : finding.element) : '図全体';
  }

  /** Bring an element to the middle of the canvas and select it. */
  jump(id) {
    const element = this._modeler.get('elementRegistry').get(id);
    this._modeler.get('canvas').scrollToElement(element, 120);
    this._modeler.get('selection').select(element);
  }

  _mark(id, own) {
    const worst = own.some(finding => finding.severity === 'error') ? 'error' : own[0].severity;
    const words = own.map(finding => finding.message).join('\n');
    const sign = h('button', { type: 'button', class: `finding-mark ${worst}`, title: words, 'aria-label': `${WORDS[worst]}：${words}`,
      onclick: () => this.jump(id) }, SIGNS[worst] + (own.length > 1 ? own.length : ''));
    this._modeler.get('overlays').add(id, 'finding', { position: { top: -14, left: -10 }, html: sign, scale: { min: 1 } });
    this._modeler.get('canvas').addMarker(id, `found-${worst}`);
  }

  _unmark() {
    this._modeler.get('overlays').remove({ type: 'finding' });
    const canvas = this._modeler.get('canvas');
    for (const element of this._modeler.get('elementRegistry').getAll()) {
      for (const severity of Object.keys(WORDS)) {
        if (canvas.hasMarker(element, `found-${severity}`)) canvas.removeMarker(element, `found-${severity}`);
      }
    }
  }
}

function grouped(findings) {
  const groups = new Map();
  for (const finding of findings.filter(each => each.element)) {
    groups.set(finding.element, [...(groups.get(finding.element) ?? []), finding]);
  }
  return groups;
}
