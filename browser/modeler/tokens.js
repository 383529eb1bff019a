// Plays a counterexample: dots run along the lines to the elements of the trace, one step after another, and the
// names of the steps stand beside. Without motion (the reader's own setting) the steps light up in place.
import { h } from '../shared/dom.js';

const STEP = 700; // milliseconds
const SVG = 'http://www.w3.org/2000/svg';

export class Tokens {
  constructor(modeler, host) {
    this._modeler = modeler;
    this._host = host;
    this._run = 0;
  }

  /** Play the way into `finding`'s trap; resolves when it has been shown. */
  async play(finding) {
    this.stop();
    const run = this._run;
    const steps = finding.trace.map(id => this._modeler.get('elementRegistry').get(id)).filter(Boolean);
    this._tell(finding, steps);
    const waiting = new Map(); // element → how many dots stand on it
    for (const [index, element] of steps.entries()) {
      if (run !== this._run) return;
      this._host.querySelectorAll('li').forEach((item, at) => item.classList.toggle('now', at === index));
      await this._step(element, waiting, run);
    }
    if (run !== this._run) return;
    const trapped = this._modeler.get('elementRegistry').get(finding.element);
    if (trapped) this._modeler.get('canvas').addMarker(trapped, 'trapped');
    this._host.querySelector('.outcome')?.removeAttribute('hidden');
  }

  /** Take everything away. */
  stop() {
    this._run += 1;
    const canvas = this._modeler.get('canvas');
    for (const element of this._modeler.get('elementRegistry').getAll()) {
      for (const marker of ['passed', 'trapped']) {
        if (canvas.hasMarker(element, marker)) canvas.removeMarker(element, marker);
      }
    }
    for (const dot of canvas.getContainer().querySelectorAll('.case-dot')) dot.remove();
    this._host.hidden = true;
    this._host.replaceChildren();
  }

  _tell(finding, steps) {
    const names = steps.filter(step => !step.waypoints).map(step => step.businessObject.name || step.id);
    this._host.hidden = false;
    this._host.replaceChildren(
      h('header', { class: 'findings-head' }, h('h3', {}, '案件がこう進むと、行きづまります'),
        h('button', { type: 'button', class: 'quiet', onclick: () => this.stop() }, '終える')),
      h('ol', { class: 'way-there' }, names.map(name => h('li', {}, name))),
      h('p', { class: 'outcome' }, finding.message));
  }

  async _step(element, waiting, run) {
    const canvas = this._modeler.get('canvas');
    if (element.waypoints) {
      await this._travel(element, run);
      return;
    }
    const arriving = (element.incoming ?? []).filter(flow => flow.waypoints && waiting.get(flow.source) > 0);
    await Promise.all(arriving.map(flow => this._travel(flow, run)));
    waiting.set(element, (element.outgoing ?? []).length || 1);
    for (const flow of arriving) waiting.set(flow.source, waiting.get(flow.source) - 1);
    if (run === this._run) canvas.addMarker(element, 'passed');
    if (!arriving.length) await pause(STEP / 2);
  }

  async _travel(flow, run) {
    const layer = this._modeler.get('canvas').getLayer('case-dots', 900);
    const dot = document.createElementNS(SVG, 'circle');
    dot.setAttribute('class', 'case-dot');
    dot.setAttribute('r', '8');
    layer.append(dot);
    const place = along(flow.waypoints);
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const begun = performance.now();
    for (let share = still ? 1 : 0; run === this._run; share = Math.min(1, (performance.now() - begun) / STEP)) {
      const { x, y } = place(share);
      dot.setAttribute('cx', x);
      dot.setAttribute('cy', y);
      if (share >= 1) break;
      await new Promise(requestAnimationFrame);
    }
    if (still) await pause(STEP);
    dot.remove();
  }
}

// share of the way (0…1) → point on the line
function along(points) {
  const lengths = points.slice(1).map((point, index) => Math.hypot(point.x - points[index].x, point.y - points[index].y));
  const whole = lengths.reduce((sum, length) => sum + length, 0) || 1;
  return share => {
    let left = share * whole;
    const leg = Math.max(0, lengths.findIndex(length => {
      if (left <= length) return true;
      left -= length;
      return false;
    }));
    const part = lengths[leg] ? Math.min(1, left / lengths[leg]) : 1;
    const [from, to] = [points[leg], points[leg + 1]];
    return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
  };
}

function pause(milliseconds) {
  return new Promise(resolve => setTimeout(resolve, milliseconds));
}
