import * as assert from 'uvu/assert';
import * as v from 'valibot';
import { checkOptions, parse, printOptions } from '#core/config.ts';
import { suite } from '../support/suite.ts';

const test = suite('core/config');

const port = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535));
const specs = {
  nfsPort: { schema: v.optional(port, 2049), help: 'TCP port of NFS.' },
  address: { schema: v.string(), help: 'Address to listen on.' },
  level: { schema: v.optional(v.picklist(['info', 'debug']), 'info'), help: 'How much is logged.' },
  idle: { schema: v.optional(v.number(), 5), help: 'Closes idle connections.', unit: 'seconds' },
  networks: { schema: v.optional(v.array(v.string()), []), help: 'Who may mount.' },
} as const;

function mistakes(given: unknown): readonly string[] {
  const outcome = checkOptions('protocol/nfs', specs, given);
  return outcome.ok ? [] : outcome.error;
}

test('what is not said has its default', () => {
  const outcome = checkOptions('protocol/nfs', specs, { address: '::' });
  assert.equal(outcome, {
    ok: true,
    value: { nfsPort: 2049, address: '::', level: 'info', idle: 5, networks: [] },
  });
});

test('a value out of its range is told with the bound and the help', () => {
  assert.equal(mistakes({ address: '::', nfsPort: 99_999 }), [
    'protocol/nfs: nfsPort: 99999 is above 65535 (TCP port of NFS)',
  ]);
  assert.equal(mistakes({ address: '::', nfsPort: -1 }), [
    'protocol/nfs: nfsPort: -1 is below 0 (TCP port of NFS)',
  ]);
  assert.equal(mistakes({ address: '::', nfsPort: 1.5 }), [
    'protocol/nfs: nfsPort: 1.5 is no whole number (TCP port of NFS)',
  ]);
});

test('a wrong type, a missing value, a word that is none of the list', () => {
  assert.equal(mistakes({ nfsPort: '2049', level: 'loud', networks: 'all' }), [
    "protocol/nfs: nfsPort: '2049' must be a number (TCP port of NFS)",
    'protocol/nfs: address: is missing, must be text (Address to listen on)',
    "protocol/nfs: level: 'loud' is not one of info, debug (How much is logged)",
    "protocol/nfs: networks: 'all' must be a list (Who may mount)",
  ]);
});

test('an unknown option is told with the nearest known one', () => {
  assert.equal(mistakes({ address: '::', nfsport: 1, colour: 'red' }), [
    'protocol/nfs: nfsport: no such option (did you mean nfsPort?)',
    'protocol/nfs: colour: no such option',
  ]);
});

test('options that are no table', () => {
  assert.equal(mistakes([1]), ['protocol/nfs: its options must be a table of names, not [1]']);
});

test('a name that every object has is no option of ours', () => {
  assert.equal(mistakes({ address: '::', constructor: 1 }), [
    'protocol/nfs: constructor: no such option',
  ]);
});

test("a plugin's own words for what a text must look like", () => {
  const name = {
    schema: v.pipe(v.string(), v.regex(/^[a-z]+$/, 'must be of a to z')),
    help: 'Name.',
  };
  assert.equal(checkOptions('cluster/link', { name }, { name: 'A B' }), {
    ok: false,
    error: ["cluster/link: name: 'A B': must be of a to z (Name)"],
  });
});

test('a long or many-lined value does not flood the sentence', () => {
  const [sentence = ''] = mistakes({ address: '::', level: `a\n${'x'.repeat(10_000)}` });
  assert.ok(sentence.length < 150, sentence);
  assert.not.match(sentence, '\n');
});

test('parse names where in the value the mistake is', () => {
  const schema = v.strictObject({ backends: v.record(v.string(), v.object({ path: v.string() })) });
  assert.throws(
    () => parse('volume.create', schema, { backends: { a: { path: 5 } } }),
    (error: Error) => error.message === 'volume.create: backends.a.path: 5 must be text',
  );
  assert.throws(
    () => parse('volume.create', schema, { backends: {}, colour: 1 }),
    (error: Error) => error.message === 'volume.create: colour: is not known here',
  );
});

test('the table of a README', () => {
  assert.is(
    printOptions(specs),
    [
      '| option | type | default | what it does |',
      '|---|---|---|---|',
      '| `nfsPort` | number 0 to 65535 | `2049` | TCP port of NFS. |',
      '| `address` | text |  | Address to listen on. |',
      '| `level` | `info`, `debug` | `"info"` | How much is logged. |',
      '| `idle` | number, seconds | `5` | Closes idle connections. |',
      '| `networks` | list of text | `[]` | Who may mount. |',
    ].join('\n'),
  );
});
