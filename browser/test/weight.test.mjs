// What a page loads stays light (uncompressed), and nothing in it is fetched from elsewhere.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const DIST = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../web/static/dist');
const LIMITS = { htmx: 60, modeler: 2.4 * 1024, dmn: 1.5 * 1024 }; // KiB

for (const [name, limit] of Object.entries(LIMITS)) {
  test(`${name} weighs at most ${limit} KiB`, () => {
    const files = fs.readdirSync(DIST).filter(file => file === `${name}.js` || file === `${name}.css`);
    const weight = files.reduce((sum, file) => sum + fs.statSync(path.join(DIST, file)).size, 0);
    assert.ok(files.length > 0, 'build first: npm run build');
    assert.ok(weight <= limit * 1024, `${name} weighs ${Math.round(weight / 1024)} KiB`);
  });
}

test('no stylesheet asks another machine', () => {
  for (const file of fs.readdirSync(DIST).filter(each => each.endsWith('.css'))) {
    const css = fs.readFileSync(path.join(DIST, file), 'utf8');
    assert.deepEqual(css.match(/(?:url\(|@import)\s*['"]?(?:https?:)?\/\/[^)'"]*/g) ?? [], [], file);
  }
});

test('the licences of all that is bundled are told', () => {
  const told = fs.readFileSync(path.join(DIST, 'THIRD_PARTY_LICENSES.txt'), 'utf8');
  for (const name of ['bpmn-js ', 'diagram-js ', 'dmn-js', 'htmx.org ']) assert.ok(told.includes(name), name);
  assert.ok(!/GNU (AFFERO )?GENERAL PUBLIC LICENSE/i.test(told));
});
