/** The house rules over the whole tree, and a small test of each rule. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from './support/suite.ts';
import {
  badCitations,
  badReadme,
  climbingImports,
  imports,
  machinePaths,
  missingReadmes,
  namedRegistries,
  type SourceFile,
  tooLong,
  unimported,
  withoutSuite,
} from './support/tidy-rules.ts';

const root = join(import.meta.dirname, '..');
const SOURCES = ['core', 'plugins', 'tui', 'packaging', 'tests', '.ci'];
/** Holds every mistake on purpose. */
const SELF = 'tests/tidy.test.ts';

const read = (path: string): SourceFile => ({ path, text: readFileSync(join(root, path), 'utf8') });

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.relative(root, posix.join(entry.parentPath, entry.name)));
}

const paths = SOURCES.flatMap(filesBelow).sort();
const code = paths.filter((path) => path.endsWith('.ts') && path !== SELF).map(read);
const pages = paths.filter((path) => path.endsWith('.md')).map(read);
const top = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(md|json|grit)$/.test(entry.name))
  .map((entry) => read(entry.name));
const { scripts } = JSON.parse(read('package.json').text) as { scripts: Record<string, string> };
const entries = Object.values(scripts).flatMap((script) => script.match(/[\w/.-]+\.ts\b/g) ?? []);

const tidy = suite('tidy: the tree');
const clean = (complaints: readonly string[]): void => {
  if (complaints.length === 0) return;
  const error = new Error(complaints.join('\n    '));
  // The complaints say where; this file's own lines would only hide them.
  error.stack = 'Error';
  throw error;
};

tidy('no file is longer than one sitting', () => clean(code.flatMap(tooLong)));
tidy('specs are cited in one form', () => clean([...code, ...pages, ...top].flatMap(badCitations)));
tidy('every plugin has a README', () => clean(missingReadmes(paths)));
tidy('READMEs of plugins have the same headings', () => {
  const readmes = pages.filter(
    ({ path }) =>
      posix.basename(path) === 'README.md' &&
      paths.includes(posix.join(posix.dirname(path), 'plugin.ts')),
  );
  assert.ok(readmes.length > 0);
  clean(readmes.flatMap(badReadme));
});
tidy('no relative import climbs out of its plugin', () => {
  clean(code.flatMap((file) => climbingImports(file, paths)));
});
tidy('nothing outside tests lies about unimported', () => clean(unimported(code, entries)));
tidy('every test file registers a suite', () => clean(code.flatMap(withoutSuite)));
tidy('nothing names a place on the machine it was written on', () => {
  const texts = paths.filter((path) => /(\.(sh|txt|toml|c)|\/run)$/.test(path)).map(read);
  clean([...code, ...pages, ...top, ...texts].flatMap(machinePaths));
});
tidy('the lock file is bound to no private registry', () => {
  clean(namedRegistries(read('package-lock.json')));
});

const rule = suite('tidy: the rules');
const file = (text: string, path = 'core/a.ts'): SourceFile => ({ path, text });

rule('a long file needs a reason in its header', () => {
  const lines = (count: number): string => 'x\n'.repeat(count);
  assert.is(tooLong(file(lines(600))).length, 0);
  assert.is(tooLong(file(lines(601))).length, 1);
  assert.is(tooLong(file(`/** Long because the table is. */\n${lines(700)}`)).length, 0);
  assert.is(tooLong(file(`${lines(700)}/** Long because nobody looks here. */\n`)).length, 1);
});

rule('citations', () => {
  const good = [
    '(RFC 8881 §18.16.3)',
    'RFC 5531 appendix A',
    'RFC 1918 and RFC 4193',
    'as in RFC 1813, or so',
    '[MS-SMB2] §3.3.5.9',
    'RFC 8881 §18.6.3 ¶14',
  ];
  for (const text of good) assert.equal(badCitations(file(text)), [], text);
  const bad = [
    'RFC1813 §3',
    'RFC-1813',
    'rfc 1813',
    'RFC 1813 section 3.3',
    'RFC 1813, section 3.3',
    'section 3.3.7 of RFC 1813',
    'RFC 1813 § 3.3',
    'RFC 1813, §3.3',
    'RFC 1813§3',
    'MS-SMB2 §3',
    '[MS-SMB2] section 3',
  ];
  for (const text of bad) assert.ok(badCitations(file(text)).length > 0, text);
  assert.match(badCitations(file('a\nb RFC1813'))[0] ?? '', /^core\/a\.ts:2: /);
});

rule('headings of a README', () => {
  const page = (...headings: readonly string[]): SourceFile =>
    file(headings.map((heading) => `## ${heading}\ntext\n`).join('\n'), 'plugins/x/README.md');
  assert.is(badReadme(page('Name', 'Description', 'Options', 'Examples', 'Spec')).length, 0);
  assert.is(
    badReadme(page('Name', 'Description', 'Options', 'Examples', 'Spec', 'Limits')).length,
    0,
  );
  assert.is(badReadme(page('Name', 'Options', 'Description', 'Examples', 'Spec')).length, 1);
  assert.is(badReadme(page('Name', 'Description', 'Options', 'Spec')).length, 1);
  assert.equal(missingReadmes(['plugins/x/plugin.ts']), ['plugins/x/README.md: is missing']);
  assert.equal(missingReadmes(['plugins/x/plugin.ts', 'plugins/x/README.md']), []);
});

rule('imports are seen in every form', () => {
  const text = [
    "import { a,\n  b } from './a.ts';",
    "import type { C } from '#core/c.ts';",
    "import './d.ts';",
    "export { e } from '../e.ts';",
    "const f = await import('./f.ts');",
    "new Worker(new URL('./g.ts', import.meta.url));",
  ].join('\n');
  assert.equal([...imports(file(text))].sort(), [
    '#core/c.ts',
    '../e.ts',
    './a.ts',
    './d.ts',
    './f.ts',
    './g.ts',
  ]);
});

rule('an import that climbs out of its plugin', () => {
  const plugins = ['plugins/fs/posix/plugin.ts', 'plugins/fs/memory/plugin.ts'];
  const climb = (specifier: string, path: string): number =>
    climbingImports(file(`import { a } from '${specifier}';`, path), plugins).length;
  assert.is(climb('./tree.ts', 'plugins/fs/posix/backend.ts'), 0);
  assert.is(climb('../tree.ts', 'plugins/fs/posix/deep/backend.ts'), 0);
  assert.is(climb('../memory/tree.ts', 'plugins/fs/posix/backend.ts'), 1);
  assert.is(climb('../../../core/a.ts', 'plugins/fs/posix/backend.ts'), 1);
  assert.is(climb('./fs/posix/plugin.ts', 'plugins/index.ts'), 0);
  assert.is(climb('../vfs/name.ts', 'core/volume/a.ts'), 0);
  assert.is(climb('../plugins/index.ts', 'tui/cli.ts'), 1);
});

rule('a file that nothing imports', () => {
  const files = [
    file("import { b } from '#core/b.ts';", 'packaging/main.ts'),
    file('', 'core/b.ts'),
    file('', 'core/forgotten.ts'),
    file('', 'tests/x.test.ts'),
  ];
  assert.equal(unimported(files, ['packaging/main.ts']), ['core/forgotten.ts: nothing imports it']);
});

rule('a test file without a suite', () => {
  assert.is(
    withoutSuite(file("import { suite } from './support/suite.ts';", 'tests/a.test.ts')).length,
    1,
  );
  assert.is(withoutSuite(file("const test = suite('a');", 'tests/a.test.ts')).length, 0);
  const contract = "import { backendContract } from '../contract/backend.ts';";
  assert.is(withoutSuite(file(contract, 'tests/a.test.ts')).length, 0);
});

rule('places on a machine, and registries', () => {
  // In parts, so that a search for such places does not find this test.
  const [work, home] = ['work', 'root'].map((folder) => `/${folder}`);
  for (const bad of [`'${work}/main/x'`, `${home}/.npmrc`, 'see /home/ann/notes', `"${home}"`]) {
    assert.is(machinePaths(file(bad)).length, 1, bad);
  }
  for (const good of [
    `a${work}/b`,
    './root/x',
    '/rootfs',
    '/homework',
    'exports /',
    `}${work}/x`,
  ]) {
    assert.is(machinePaths(file(good)).length, 0, good);
  }
  const lock = (host: string): SourceFile => file(`"resolved": "https://${host}/x/-/x-1.tgz"`);
  assert.is(namedRegistries(lock('mirror.example')).length, 1);
  assert.is(namedRegistries(file('"version": "1.0.0"')).length, 0);
});
