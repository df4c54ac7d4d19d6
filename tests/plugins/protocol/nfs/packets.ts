/** Golden packets: a line a field, its bytes in hex and its name; a part for the call and one for the reply. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../../golden/nfs');

export interface Packet {
  readonly call: Buffer;
  readonly reply: Buffer;
}

export function packet(name: string): Packet {
  const text = readFileSync(join(FOLDER, `${name}.txt`), 'utf8');
  return { call: part(text, 'call'), reply: part(text, 'reply') };
}

function part(text: string, name: string): Buffer {
  const lines = text.split('\n\n').find((block) => block.startsWith(`${name}\n`));
  if (lines === undefined) throw new Error(`golden packet: no part "${name}"`);
  const fields = lines.trim().split('\n').slice(1);
  return Buffer.from(fields.map((line) => line.split(' ', 1)[0]).join(''), 'hex');
}
