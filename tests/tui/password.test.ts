/** Passwords as people and programs give them; none of it is shown. */
import * as assert from 'uvu/assert';
import { type Input, readPassword } from '#tui/password.ts';
import type { Shell } from '#tui/shell.ts';
import { suite } from '../support/suite.ts';

const test = suite('tui/password');

/** Types the parts, one after the other, as a terminal or as a pipe. */
function typed(parts: readonly string[], isTTY: boolean): Input & { readonly modes: boolean[] } {
  const modes: boolean[] = [];
  return {
    isTTY,
    modes,
    setRawMode: (isRaw: boolean) => modes.push(isRaw),
    async *[Symbol.asyncIterator]() {
      for (const part of parts) yield Buffer.from(part);
    },
  };
}

async function read(
  parts: readonly string[],
  isTTY: boolean,
): Promise<{ answer: string; said: string; modes: boolean[] }> {
  let said = '';
  const input = typed(parts, isTTY);
  const note = (text: string): void => {
    said += text;
  };
  const shell = { input, out: note, err: note } as unknown as Shell;
  const answer = await readPassword(shell, 'zoe').catch((error: Error) => `! ${error.message}`);
  return { answer, said, modes: input.modes };
}

test('a pipe gives its first line', async () => {
  assert.is((await read(['sec', 'ret\nmore\n'], false)).answer, 'secret');
  assert.is((await read(['secret\r\n'], false)).answer, 'secret');
  assert.is((await read(['no end'], false)).answer, 'no end');
  assert.match((await read([], false)).answer, /^! no password came/);
  assert.match((await read(['\n'], false)).answer, /^! no password came/);
});

test('a terminal is asked twice, shows nothing, and is as it was afterwards', async () => {
  const { answer, said, modes } = await read(['secre', 'x\x7ft\rsecret\r'], true);
  assert.is(answer, 'secret');
  assert.is(said, 'Password for zoe: \nOnce more: \n');
  assert.equal(modes, [true, false, true, false]);
});

test('two that differ, an interrupt and a closed terminal change nothing', async () => {
  assert.match((await read(['one\rtwo\r'], true)).answer, /^! the two passwords differ/);
  const interrupted = await read(['one\x03'], true);
  assert.match(interrupted.answer, /^! interrupted/);
  assert.equal(interrupted.modes, [true, false]);
  assert.match((await read(['one'], true)).answer, /^! the terminal was closed/);
});
