// A condition built from questions is the same condition after reading and writing; more than that is left alone.
import assert from 'node:assert/strict';
import test from 'node:test';

import { parse, print } from '../modeler/conditions.js';

for (const expression of [
  'kekka = "1"', 'kekka != "01"', 'urgency <= 2', 'list contains(komari, "05")',
  'kekka = "1" and urgency <= 2', 'kekka = "1" or kekka = "2"', 'namae = "a and b"', 'doi = true', '件数 >= 3',
]) {
  test(`${expression} comes back as it was`, () => assert.equal(print(parse(expression)), expression));
}

for (const expression of ['count(saki) > 1', 'a = "1" and (b = "2" or c = "3")', 'a = "1" and b = "2" or c = "3"', 'a + 1 = 2', 'not(a)']) {
  test(`${expression} stays an expression`, () => assert.equal(parse(expression), null));
}

test('no condition is no clause', () => assert.deepEqual(parse(' ').clauses, []));
