import * as assert from 'uvu/assert';
import type { Name } from '#core/vfs/name.ts';
import { parsePath, smbName, smbText } from '#plugins/protocol/smb/names.ts';
import {
  STATUS_INVALID_PARAMETER,
  STATUS_OBJECT_NAME_INVALID,
  STATUS_OBJECT_PATH_SYNTAX_BAD,
} from '#plugins/protocol/smb/status.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('smb/names');

function components(text: string): readonly string[] {
  const path = parsePath(text);
  if (!path.ok) throw new Error(`${text}: refused with ${path.error.toString(16)}`);
  return path.value.components;
}

function refusal(text: string): number | undefined {
  const path = parsePath(text);
  return path.ok ? undefined : path.error;
}

test('the empty path is the root of the share', () => {
  assert.equal(components(''), []);
});

test('a path is split at backslashes, dots and spaces at the end of a name are part of it', () => {
  assert.equal(components('a\\b. \\c'), ['a', 'b. ', 'c']);
  assert.equal(components('a/b\\c'), ['a', 'b', 'c']);
});

test('a backslash at the beginning is refused, one at the end asks for a folder', () => {
  assert.is(refusal('\\a'), STATUS_INVALID_PARAMETER);
  const path = parsePath('a\\');
  assert.ok(path.ok && path.value.endsWithBackslash);
});

test('what may not stand in a name is refused', () => {
  for (const text of [
    'a*',
    'a?',
    'a<b',
    'a|b',
    'a//b',
    'a"b',
    'a\u0001',
    'a\\\\b',
    '.',
    'a\\.\\b',
  ]) {
    assert.is(refusal(text), STATUS_OBJECT_NAME_INVALID, text);
  }
  assert.is(refusal('a'.repeat(256)), STATUS_OBJECT_NAME_INVALID);
});

test('.. leads up, but not out of the share', () => {
  assert.equal(components('a\\..\\b'), ['b']);
  assert.is(refusal('..'), STATUS_OBJECT_PATH_SYNTAX_BAD);
  assert.is(refusal('a\\..\\..\\b'), STATUS_OBJECT_PATH_SYNTAX_BAD);
});

test('a stream is named behind a colon, with or without its type', () => {
  for (const [text, name] of [
    ['f:s', 's'],
    ['f:s:$DATA', 's'],
    ['f:s:$data', 's'],
    ['f::$DATA', ''],
    ['f:?<>*s', '?<>*s'],
  ] as const) {
    const path = parsePath(text);
    assert.ok(path.ok, text);
    assert.is(path.value.stream?.name, name, text);
    assert.equal(path.value.components, ['f']);
  }
  for (const text of ['f:', 'f:s:t', 'f:s:$DATA:x', 'a:s\\f', 'f:a/b', 'f:s:']) {
    assert.is(refusal(text), STATUS_OBJECT_NAME_INVALID, text);
  }
});

test('a stream of the root of the share is a path of its own', () => {
  const path = parsePath(':s');
  assert.ok(path.ok && path.value.components.length === 0 && path.value.stream?.name === 's');
});

test('names that SMB cannot say are shown in private-use characters, which lead back to them', () => {
  const stored = 'a:b\\c' as Name;
  assert.is(smbText(stored), 'a\uf03ab\uf05cc');
  assert.is(smbName(smbText(stored)), stored);
});

test('a private-use character that stands for nothing reserved is itself', () => {
  const name = smbName('\uf041\uf02f');
  assert.is(smbText(name), '\uf041\uf02f');
});
