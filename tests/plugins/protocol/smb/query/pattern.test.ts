import * as assert from 'uvu/assert';
import { matches } from '#plugins/protocol/smb/query/pattern.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('plugins/protocol/smb/query/pattern');

/** Pattern, names that it has, names that it has not. What clients make of `*.*`, `*.`, `a?` and the like is among them. */
const TABLE: readonly (readonly [pattern: string, yes: string, no: string])[] = [
  ['*', 'a a.b .a a. ..', ''],
  ['*.*', 'a.b .a a.', 'a'],
  ['a*b', 'ab axb a.b axbxb', 'abx xab'],
  ['*a*', 'a xa ax xax', 'b'],
  ['?', 'a .', 'ab'],
  ['a?', 'ab a.', 'a abc'],
  ['<.txt', 'a.txt a.b.txt .txt', 'a.txtx a.txt.b atxt'],
  ['<', 'abc', 'a.txt a.'],
  ['<"*', 'a a.b a.b.c', ''],
  ['a<b', 'ab axb', 'a.b'],
  ['a>', 'a ab', 'abc'],
  ['a>>>', 'a ab abc abcd', 'abcde'],
  ['>>>.t', 'abc.t ab.t a.t .t', 'abcd.t'],
  ['a"b', 'a.b', 'ab axb'],
  ['a"', 'a a.', 'a.b'],
  ['<">>>', 'a a.b a.bcd', 'a.bcde'],
  ['>', 'a .', 'ab'],
  ['abc', 'abc', 'ab abcd'],
];

for (const [pattern, yes, no] of TABLE) {
  test(`${pattern} matches ${yes} and nothing of ${no || 'other'}`, () => {
    for (const name of yes.split(' ')) assert.ok(matches(pattern, name), name);
    for (const name of no.split(' ').filter((one) => one !== '')) {
      assert.not.ok(matches(pattern, name), name);
    }
  });
}

test('no pattern takes longer than its length times that of the name', () => {
  const started = process.hrtime.bigint();
  assert.not.ok(matches('*a'.repeat(120), 'a'.repeat(119).padEnd(255, 'b')));
  assert.not.ok(matches('<*'.repeat(100), `${'a'.repeat(200)}.${'b'.repeat(50)}`) === undefined);
  assert.ok(process.hrtime.bigint() - started < 500_000_000n);
});
