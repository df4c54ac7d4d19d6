import * as assert from 'uvu/assert';
import { md4, ntHash } from '#core/group/nt-hash.ts';
import { suite } from '../../support/suite.ts';

const test = suite('core/group/nt-hash');

test('MD4 gives what RFC 1320 §A.5 lists', () => {
  const hash = (text: string) => md4(Buffer.from(text)).toString('hex');
  assert.is(hash(''), '31d6cfe0d16ae931b73c59d7e0c089c0');
  assert.is(hash('abc'), 'a448017aaf21d8525fc10ae87aa6729d');
  assert.is(hash('1234567890'.repeat(8)), 'e33b4ddc9c38f2199c3e7b164fcc0536');
});

test('a password in UTF-16LE', () => {
  assert.is(ntHash('password').toString('hex'), '8846f7eaee8fb117ad06bdd830b7586c');
});
