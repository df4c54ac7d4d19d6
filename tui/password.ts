/** A password from a terminal, not shown, or the first line of standard input: never from the command line, which others see. */
import type { Shell } from './shell.ts';

/** Bytes of standard input that are looked at. */
const INPUT_SIZE_MAX = 4096;
const ENTER = ['\r', '\n', '\x04'];
const DELETE = ['\x7f', '\b'];
const INTERRUPT = '\x03';

/** What a password is read from: standard input, or what a test puts in its place. */
export interface Input extends AsyncIterable<Buffer | string> {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
}

/** Asks twice on a terminal. Rejects with a sentence where there is none, or the two differ. */
export async function readPassword(shell: Shell, user: string): Promise<string> {
  const input = shell.input ?? process.stdin;
  if (input.isTTY !== true) return firstLine(input);
  const keys = input[Symbol.asyncIterator]();
  const read = readHidden(shell, input, keys);
  let first: string;
  let second: string;
  try {
    first = await read(`Password for ${user}: `);
    second = await read('Once more: ');
  } finally {
    // A terminal that is still read from keeps the process awake.
    await keys.return?.();
  }
  if (first !== second) throw new Error('the two passwords differ; nothing was changed');
  return first;
}

async function firstLine(input: Input): Promise<string> {
  let text = '';
  for await (const part of input) {
    text += part.toString();
    if (text.includes('\n') || text.length > INPUT_SIZE_MAX) break;
  }
  const [line = ''] = text.split('\n');
  if (line === '') throw new Error('no password came on standard input; type one, or pipe one in');
  return line.replace(/\r$/, '');
}

/** A line that the terminal does not show, typed with the keys that people expect. */
function readHidden(
  shell: Shell,
  input: Input,
  parts: AsyncIterator<Buffer | string>,
): (prompt: string) => Promise<string> {
  let pending: string[] = [];
  return async (prompt) => {
    shell.err(prompt);
    input.setRawMode?.(true);
    try {
      let line = '';
      for (;;) {
        const key = pending.shift();
        if (key === undefined) {
          const part = await parts.next();
          if (part.done === true) throw new Error('the terminal was closed');
          pending = [...part.value.toString()];
        } else if (ENTER.includes(key)) return line;
        else if (key === INTERRUPT) throw new Error('interrupted; nothing was changed');
        else if (DELETE.includes(key)) line = [...line].slice(0, -1).join('');
        else line += key;
      }
    } finally {
      input.setRawMode?.(false);
      shell.err('\n');
    }
  };
}
