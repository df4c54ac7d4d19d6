/** Calls that clients of a volume make, and how a box executes them in a transaction of the real service. */
import type { ServedVolume, Transaction } from '#core/group/group.ts';
import type { Result } from '#core/result.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import type { FileId, Inode } from '#core/vfs/inode.ts';
import { SET_NOTHING } from '#core/vfs/set-attributes.ts';
import type { FsError } from '#core/vfs/status.ts';
import type { Operation } from '#core/volume/operation.ts';
import { NO_DEVICE } from '#core/volume/operations/types.ts';
import {
  create,
  createStream,
  link,
  remove,
  removeDirectory,
  removeStream,
  rename,
  renameStream,
  setAttributes,
  setExtra,
  write,
} from '#core/volume/operations.ts';

/** What a client holds of a file. */
export interface Handle {
  readonly file: FileId;
  readonly generation: number;
}

export interface At {
  readonly directory: Handle;
  readonly name: string;
}

export type VolumeCall =
  | {
      readonly kind: 'create';
      readonly at: At;
      readonly what: 'file' | 'directory';
      readonly how: 'guarded' | 'exclusive';
      /** 8 bytes where it is exclusive. */
      readonly verifier: string;
      readonly size: number;
    }
  | {
      readonly kind: 'write';
      readonly handle: Handle;
      readonly offset: number;
      readonly data: Buffer;
      readonly stable: boolean;
    }
  | { readonly kind: 'truncate'; readonly handle: Handle; readonly size: number }
  | { readonly kind: 'rename'; readonly from: At; readonly to: At }
  | { readonly kind: 'remove' | 'remove-directory'; readonly at: At }
  | { readonly kind: 'link'; readonly handle: Handle; readonly at: At }
  | {
      readonly kind: 'create-stream' | 'remove-stream';
      readonly handle: Handle;
      readonly name: string;
    }
  | {
      readonly kind: 'rename-stream';
      readonly handle: Handle;
      readonly name: string;
      readonly target: string;
    }
  /** An extended attribute; an empty value removes it. */
  | {
      readonly kind: 'set-attribute';
      readonly handle: Handle;
      readonly name: string;
      readonly value: string;
    };

/** What a client is told. */
export interface Answer {
  /** `done`, or why not. */
  readonly status: string;
  /** What was made. */
  readonly made?: Handle;
  /** Of the file after a write or truncation. */
  readonly size?: number;
  /** The write verifier. */
  readonly verifier?: string;
}

interface Executed {
  readonly answer: Answer;
  /** What the transaction was given and may keep for a while. */
  readonly data?: Buffer;
}

class Stale extends Error {}

export function execute(
  transaction: Transaction,
  volume: ServedVolume,
  call: VolumeCall,
): Executed {
  try {
    return executed(transaction, volume, call);
  } catch (error) {
    if (error instanceof Stale) return { answer: { status: 'stale' } };
    throw error;
  }
}

function executed(transaction: Transaction, volume: ServedVolume, call: VolumeCall): Executed {
  const file = (handle: Handle): FileId => located(volume, handle).id;
  const place = ({ directory, name }: At) => ({ directory: file(directory), name });
  const change = <Args, Change, Outcome>(
    operation: Operation<Args, Change, Outcome>,
    args: Args,
    options: { readonly data?: Buffer; readonly stable?: boolean } = {},
  ): Result<Outcome, FsError> => transaction.change(operation, volume, ROOT_CALLER, args, options);
  switch (call.kind) {
    case 'create': {
      const { what: kind, how, verifier, size } = call;
      const set = size === 0 ? SET_NOTHING : { ...SET_NOTHING, size };
      const node = { kind, how, verifier, set, target: '', device: NO_DEVICE } as const;
      const made = change(create, { ...place(call.at), ...node, strategy: 'generic' });
      if (!made.ok) return refused(made.error);
      const { id, generation } = made.value.inode;
      return { answer: { status: 'done', made: { file: id, generation } } };
    }
    case 'write': {
      const data = Buffer.from(call.data);
      const { offset, stable } = call;
      const args = { file: file(call.handle), offset, size: data.length };
      const written = change(write, args, { data, stable });
      if (!written.ok) return refused(written.error);
      const verifier = volume.writeVerifier.toString('hex');
      const { size } = written.value.file.after;
      return { answer: { status: 'done', size, verifier }, data };
    }
    case 'truncate': {
      const set = { ...SET_NOTHING, size: call.size };
      const cut = change(setAttributes, { file: file(call.handle), set, guard: undefined });
      if (!cut.ok) return refused(cut.error);
      return { answer: { status: 'done', size: cut.value.file.after.size } };
    }
    case 'rename':
      return plain(change(rename, { source: place(call.from), target: place(call.to) }));
    case 'remove':
      return plain(change(remove, place(call.at)));
    case 'remove-directory':
      return plain(change(removeDirectory, place(call.at)));
    case 'link':
      return plain(change(link, { file: file(call.handle), ...place(call.at) }));
    case 'create-stream': {
      const made = change(createStream, { file: file(call.handle), name: call.name });
      if (!made.ok) return refused(made.error);
      const { id, generation } = made.value.inode;
      return { answer: { status: 'done', made: { file: id, generation } } };
    }
    case 'remove-stream':
      return plain(change(removeStream, { file: file(call.handle), name: call.name }));
    case 'rename-stream': {
      const { name, target } = call;
      const args = { file: file(call.handle), name, target, replaces: false };
      return plain(change(renameStream, args));
    }
    case 'set-attribute': {
      const value = call.value === '' ? undefined : Buffer.from(call.value);
      const changes = [{ kind: 'attribute', name: call.name, value } as const];
      return plain(change(setExtra, { file: file(call.handle), changes }));
    }
    default:
      return call satisfies never;
  }
}

/** The file that a handle means; a handle whose file is gone, or has no name any more, is stale, whatever has its id. */
export function located(volume: ServedVolume, { file, generation }: Handle): Inode {
  const inode = volume.tree.inode(file);
  if (inode?.generation !== generation) throw new Stale();
  const named = inode.kind === 'stream' ? volume.tree.inode(inode.parent) : inode;
  if (named === undefined || named.nlink === 0) throw new Stale();
  return inode;
}

function plain(result: Result<unknown, FsError>): Executed {
  return result.ok ? { answer: { status: 'done' } } : refused(result.error);
}

function refused(error: FsError): Executed {
  return { answer: { status: error } };
}
