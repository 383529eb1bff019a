// Builds the browser islands into web/static/dist: everything local, nothing fetched at run time.
// Beside the bundles it writes THIRD_PARTY_LICENSES.txt, from what esbuild really put into them.
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.dirname(HERE);
const DIST = path.join(ROOT, 'web', 'static', 'dist');

const ISLANDS = {
  htmx: path.join(ROOT, 'node_modules', 'htmx.org', 'dist', 'htmx.js'),
  modeler: path.join(HERE, 'modeler', 'index.js'),
  dmn: path.join(HERE, 'dmn', 'index.js'),
};

// XML allows Japanese letters in ids (NCName), and our diagrams use them (ES-中断); the reader knows ASCII only and
// would drop such an element with all that is in it.
const NARROW = String.raw`/^([a-z][\w-.]*:)?[a-z_][\w-.]*$/i.test(id)`;
const WIDE = String.raw`/^([\p{L}_][\p{L}\p{N}\p{M}_.·-]*:)?[\p{L}_][\p{L}\p{N}\p{M}_.·-]*$/u.test(id)`;
const readers = new Set();
const japaneseIds = {
  name: 'japanese-ids',
  setup: ({ onLoad }) => onLoad({ filter: /moddle-xml[/\\]dist[/\\]index(\.esm)?\.js$/ }, ({ path: file }) => {
    const source = fs.readFileSync(file, 'utf8');
    if (!source.includes(NARROW)) throw new Error('moddle-xml reads ids in another way now: look at japaneseIds in browser/build.mjs');
    readers.add(file);
    return { contents: source.replace(NARROW, WIDE), loader: 'js' };
  }),
};

const common = {
  plugins: [japaneseIds],
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  target: ['es2022', 'firefox128', 'safari16.4'],
  charset: 'utf8',
  legalComments: 'none', // the licences are all in THIRD_PARTY_LICENSES.txt
  loader: { '.woff2': 'file', '.woff': 'empty', '.ttf': 'empty', '.eot': 'empty', '.svg': 'empty' },
  assetNames: '[name]-[hash]',
  outdir: DIST,
  metafile: true,
  logLevel: 'warning',
};

fs.rmSync(DIST, { recursive: true, force: true });
const inputs = new Set();
for (const [name, entry] of Object.entries(ISLANDS)) {
  // each in a build of its own: a page loads one island, shared chunks would gain nothing
  const { metafile } = await build({ ...common, entryPoints: { [name]: entry }, format: 'iife' });
  for (const input of Object.keys(metafile.inputs)) inputs.add(input);
  if (process.argv.includes('--inputs')) {
    fs.writeFileSync(path.join(DIST, `${name}.inputs.json`), JSON.stringify(Object.keys(metafile.inputs)));
  }
}
if (!readers.size) throw new Error('moddle-xml was not found where japaneseIds in browser/build.mjs looks for it');
fs.writeFileSync(path.join(DIST, 'THIRD_PARTY_LICENSES.txt'), licences(inputs));
for (const file of fs.readdirSync(DIST).sort()) {
  console.log(`${String(fs.statSync(path.join(DIST, file)).size).padStart(9)} ${file}`);
}

function licences(files) {
  const homes = new Set([...files].filter(file => file.includes('node_modules/')).map(packageHome));
  return [...homes].sort().map(licence).join(`\n${'-'.repeat(78)}\n\n`);
}

function packageHome(file) {
  const parts = file.split('/');
  const at = parts.lastIndexOf('node_modules');
  const length = parts[at + 1].startsWith('@') ? 3 : 2;
  return parts.slice(0, at + length).join('/');
}

function licence(home) {
  const about = JSON.parse(fs.readFileSync(path.join(ROOT, home, 'package.json'), 'utf8'));
  const file = fs.readdirSync(path.join(ROOT, home)).find(name => /^licen[cs]e/i.test(name));
  if (!file && !about.license) throw new Error(`${about.name} names no licence: do not ship it`);
  const text = file ? fs.readFileSync(path.join(ROOT, home, file), 'utf8').trim() : `Licence: ${about.license}`;
  return `${about.name} ${about.version} (${about.license ?? 'see below'})\n\n${text}\n`;
}
