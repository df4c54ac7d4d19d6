/** Every change that an entry can carry, by the code that stands in the log. */
import type { Operation } from './operation.ts';
import { create } from './operations/create.ts';
import { createStream } from './operations/create-stream.ts';
import { link } from './operations/link.ts';
import { release } from './operations/release.ts';
import { remove } from './operations/remove.ts';
import { removeDirectory } from './operations/remove-directory.ts';
import { removeStream } from './operations/remove-stream.ts';
import { rename } from './operations/rename.ts';
import { renameStream } from './operations/rename-stream.ts';
import { setAttributes } from './operations/set-attributes.ts';
import { setExtra } from './operations/set-extra.ts';
import { write } from './operations/write.ts';

/** One of them, whichever: its decoded change is given back to it alone. */
export type AnyOperation = Operation<unknown, unknown, unknown>;

const OPERATIONS: readonly AnyOperation[] = [
  create,
  setAttributes,
  write,
  remove,
  removeDirectory,
  rename,
  link,
  setExtra,
  createStream,
  removeStream,
  renameStream,
  release,
];

const BY_CODE: ReadonlyMap<number, AnyOperation> = new Map(
  OPERATIONS.map((operation) => [operation.code, operation]),
);

/** `undefined`: the entry was made by a newer version. */
export function operationOf(code: number): AnyOperation | undefined {
  return BY_CODE.get(code);
}

export {
  create,
  createStream,
  link,
  release,
  remove,
  removeDirectory,
  removeStream,
  rename,
  renameStream,
  setAttributes,
  setExtra,
  write,
};
