/** Golden packets: a line a field, its bytes in hex and its name, in parts that begin with their name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const GOLDEN = join(import.meta.dirname, '../golden');

/** @param path Below `tests/golden`, without its ending. */
export function goldenPacket(path: string, part: string): Buffer {
  const text = readFileSync(join(GOLDEN, `${path}.txt`), 'utf8');
  const lines = text.split('\n\n').find((block) => block.startsWith(`${part}\n`));
  if (lines === undefined) throw new Error(`golden packet ${path}: no part "${part}"`);
  const fields = lines.trim().split('\n').slice(1);
  return Buffer.from(fields.map((line) => line.split(' ', 1)[0]).join(''), 'hex');
}
