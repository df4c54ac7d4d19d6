import * as assert from 'uvu/assert';
import { foldName, foldText, isPlain } from '#core/vfs/fold.ts';
import { type Name, nameOfText } from '#core/vfs/name.ts';
import { suite } from '../../support/suite.ts';

const test = suite('core/vfs/fold');

const same = (one: string, other: string): boolean =>
  foldName(nameOfText(one)) === foldName(nameOfText(other));

test('case and composition make no difference', () => {
  assert.ok(same('README.txt', 'readme.TXT'));
  assert.ok(same('Ärger', 'a\u0308RGER'));
  assert.ok(same('ΣΊΣΥΦΟΣ', 'σίσυφος'));
  assert.ok(same('\ud55c\uad6d', '\u1112\u1161\u11ab\u1100\u116e\u11a8'));
  assert.ok(same('\u212aelvin', 'kelvin'));
  assert.ok(same('a\u0323\u0307', 'a\u0307\u0323'));
  assert.ok(same('\ud801\udc00', '\ud801\udc28'));
});

test('what folds to another length, or to nothing, stays apart', () => {
  assert.not.ok(same('Straße', 'STRASSE'));
  assert.ok(same('STRAẞE', 'straße'));
  assert.not.ok(same('ı', 'i'));
  assert.not.ok(same('e', 'é'));
  assert.not.ok(same('ﬁ', 'fi'));
});

test('bytes that are not UTF-8 fold as ASCII', () => {
  assert.is(foldName('A\xff\xfeB' as Name), 'a\xff\xfeb');
  assert.is(foldName('\xc3' as Name), '\xc3');
  assert.not.ok(foldName('\xc3\x89' as Name) === foldName('\xc3\xff' as Name));
  assert.ok(same('\ufffdA', '\ufffda'));
});

test('folded once is folded', () => {
  for (const text of ['ÀÉ\u0345', 'ᾼΩ', 'İı', '\u1e9e', '\u0390']) {
    assert.is(foldText(foldText(text)), foldText(text));
  }
});

test('plain names need no table', () => {
  assert.ok(isPlain('a-z_0.9' as Name));
  assert.not.ok(isPlain('a-Z' as Name));
  assert.not.ok(isPlain(nameOfText('ä')));
});

/** The table is of one version; the runtime's own knows more letters, and agrees on all that both know. */
test('the table says what the runtime says of the letters that it has', () => {
  let known = 0;
  for (let point = 0x80; point < 0x1_0000; point += 1) {
    if (point >= 0xd800 && point < 0xe000) continue;
    const text = String.fromCodePoint(point);
    const folded = foldText(text);
    assert.is(foldText(text.normalize('NFD')), folded, point.toString(16));
    assert.is(foldText(text.normalize('NFC')), folded, point.toString(16));
    if (folded !== text) known += 1;
  }
  assert.ok(known > 10_000, `${known}`);
});
