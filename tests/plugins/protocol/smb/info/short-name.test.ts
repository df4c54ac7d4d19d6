import * as assert from 'uvu/assert';
import { shortNameOf } from '#plugins/protocol/smb/info/short-name.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('plugins/protocol/smb/info/short-name');

test('a name that is short is its own', () => {
  for (const name of ['a', 'README.txt', '12345678.123', 'a~1.b']) {
    assert.is(shortNameOf(name), name.toUpperCase());
  }
  assert.is(shortNameOf('..'), '');
});

test('of others eight letters and three remain, whatever their case', () => {
  for (const name of ['a long name.document', '.profile', 'Ünïcödé', 'a b', 'x.y.z', '+++']) {
    assert.match(shortNameOf(name), /^[A-Z0-9_]{1,2}[0-9A-Z]{4}~1(\.[A-Z0-9_]{1,3})?$/, name);
    assert.is(shortNameOf(name.toUpperCase()), shortNameOf(name));
  }
  assert.is(shortNameOf('a long name.document'), 'AL91P4~1.DOC');
});

test('ten thousand names of one folder have few that are alike', () => {
  const names = Array.from({ length: 10_000 }, (_, i) => shortNameOf(`holiday in june ${i}.jpeg`));
  assert.ok(new Set(names).size > 9_930, `${new Set(names).size}`);
});
