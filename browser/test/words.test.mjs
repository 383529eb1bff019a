// Every text that the editors can show has our words. The sources that esbuild really bundles are read for
// `translate('…')` and for the labels of their menus; what is not in the list of words fails here, not before a user.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

import { WORDS as DMN } from '../dmn/words.js';
import { WORDS as MODELER } from '../modeler/words.js';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const TRANSLATED = /translate\(\s*(['"])((?:\\.|(?!\1).)*)\1/g;
const LABELS = /\b(?:label|explanation)\s*[:=]\s*(['"])((?:\\.|(?!\1).)*)\1/g;
const GROUPS = /\bname:\s*translate\$?\d*\(\s*(['"])((?:\\.|(?!\1).)*)\1/g;

// an example in the sources' own comments, and names of things that are no text on a screen
const NO_TEXT = new Set(['HELLO {you}', '-', '+', '']);

async function sources(entry) {
  const { metafile } = await build({
    absWorkingDir: ROOT, entryPoints: [entry], bundle: true, write: false, metafile: true, outdir: 'nowhere', logLevel: 'silent',
    loader: { '.woff2': 'empty', '.woff': 'empty', '.ttf': 'empty', '.eot': 'empty', '.svg': 'empty' },
  });
  return Object.keys(metafile.inputs).filter(file => file.includes('node_modules') && file.endsWith('.js'));
}

function texts(file) {
  const source = fs.readFileSync(path.join(ROOT, file), 'utf8').replace(/^\s*\*.*$/gm, '');
  const patterns = /(dmn-js|bpmn-js|diagram-js)/.test(file) ? [TRANSLATED, LABELS, GROUPS] : [];
  return patterns.flatMap(pattern => [...source.matchAll(pattern)].map(match => match[2].replace(/\\(['"])/g, '$1')))
    .filter(text => /[A-Za-z]{2}/.test(text) && !NO_TEXT.has(text) && !text.startsWith('${'));
}

for (const [name, entry, words] of [['modeler', 'browser/modeler/index.js', MODELER], ['dmn', 'browser/dmn/index.js', DMN]]) {
  test(`the ${name} editor speaks Japanese throughout`, async () => {
    const found = new Set((await sources(entry)).flatMap(texts));
    assert.ok(found.size > 50, `only ${found.size} texts were found: the way in which the sources name them has changed`);
    const missing = [...found].filter(text => !Object.hasOwn(words, text)).sort();
    assert.deepEqual(missing, []);
  });
  test(`the ${name} editor's words are Japanese`, () => {
    const english = Object.entries(words).filter(([, own]) => /[A-Za-z]{3}/.test(own.replace(/Shift|\{ ?\w+ ?\}/g, '')));
    assert.deepEqual(english, []);
  });
}
