// Plays a counterexample: after each step of the trace its dots stand on the lines that the check tells, at the end
// just where the case is stuck; the names of the steps stand beside. Without motion (the reader's own setting) the
// dots appear in their places.
import { h } from '../shared/dom.js';

const STEP = 700; // milliseconds
const REST = 0.85; // the share of a line at which a dot waits for its turn
const SVG = 'http://www.w3.org/2000/svg';

export class Tokens {
  constructor(modeler, host) {
    this._modeler = modeler;
    this._host = host;
    this._run = 0;
    this._resting = [];
  }

  /** Play the way into `finding`'s trap; resolves when it has been shown. */
  async play(finding) {
    this.stop();
    const run = this._run;
    this._tell(finding);
    for (const [index, step] of finding.trace.entries()) {
      this._host.querySelectorAll('li').forEach((item, at) => item.classList.toggle('now', at === index));
      await this._step(step, run);
      if (run !== this._run) return;
    }
    const trapped = this._modeler.get('elementRegistry').get(finding.element);
    if (trapped) this._modeler.get('canvas').addMarker(trapped, 'trapped');
    this._host.querySelector('.outcome').removeAttribute('hidden');
  }

  /** Take everything away. */
  stop() {
    this._run += 1;
    this._resting = [];
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

  _tell(finding) {
    const names = finding.trace.map(step => step.name || step.element);
    this._host.hidden = false;
    this._host.replaceChildren(
      h('header', { class: 'findings-head' }, h('h3', {}, '案件がこう進むと、うまくいきません'),
        h('button', { type: 'button', class: 'quiet', onclick: () => this.stop() }, '終える')),
      h('ol', { class: 'way-there' }, names.map(name => h('li', {}, name))),
      h('p', { class: 'outcome', hidden: true }, finding.message));
    this._host.scrollIntoView({ block: 'nearest' });
  }

  // a step takes the dots that are on no line any more, and sends out those that are new
  async _step({ element, marking }, run) {
    const shape = this._modeler.get('elementRegistry').get(element);
    const staying = [...marking];
    for (const resting of this._resting.splice(0)) {
      const at = staying.indexOf(resting.flow);
      if (at < 0) resting.dot.remove();
      else this._resting.push(resting);
      if (at >= 0) staying.splice(at, 1);
    }
    if (shape && !shape.waypoints) this._modeler.get('canvas').addMarker(shape, 'passed');
    await Promise.all([pause(STEP / 2), ...staying.map(flow => this._travel(flow, run))]);
  }

  async _travel(id, run) {
    const flow = this._modeler.get('elementRegistry').get(id);
    if (!flow?.waypoints) return;
    const dot = document.createElementNS(SVG, 'circle');
    dot.setAttribute('class', 'case-dot');
    dot.setAttribute('r', '8');
    this._modeler.get('canvas').getLayer('case-dots', 900).append(dot);
    this._resting.push({ flow: id, dot });
    const place = along(flow.waypoints);
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const begun = performance.now();
    for (let share = still ? REST : 0; run === this._run; share = Math.min(REST, (performance.now() - begun) / STEP)) {
      const { x, y } = place(share);
      dot.setAttribute('cx', x);
      dot.setAttribute('cy', y);
      if (share >= REST) break;
      await new Promise(requestAnimationFrame);
    }
    if (still) await pause(STEP);
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
