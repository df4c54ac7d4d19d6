/** Puts and removes what a file has beside attributes and content: security descriptor, extended attributes (core/vfs/extra.ts). */
import { err, ok, type Result } from '../../result.ts';
import { MAY_WRITE, mayAll } from '../../vfs/access.ts';
import type { Caller } from '../../vfs/caller.ts';
import {
  ATTRIBUTE_COST,
  ATTRIBUTE_NAME_SIZE_MAX,
  ATTRIBUTES_SIZE_MAX,
  type ExtraChange,
  type ExtraKind,
  foldAttribute,
  holdsOf,
  SECURITY_SIZE_MAX,
} from '../../vfs/extra.ts';
import type { FileId, Inode } from '../../vfs/inode.ts';
import type { FsError } from '../../vfs/status.ts';
import { DecodeError, type Reader } from '../../wire/reader.ts';
import type { Writer } from '../../wire/writer.ts';
import type { Operation, Tree, TreeWriter } from '../operation.ts';
import { inodeToChange, putChanged, readFile, writeFile } from './common.ts';
import type { SetExtraArgs, SetExtraOutcome } from './types.ts';

/** Of one call: as many as there may be extended attributes, put or removed, within the bytes of a request. */
const CHANGES_MAX = 4096;
const KINDS: readonly ExtraKind[] = ['security', 'attribute'];

export interface SetExtraChange {
  readonly file: FileId;
  readonly changes: readonly ExtraChange[];
}

export const setExtra: Operation<SetExtraArgs, SetExtraChange, SetExtraOutcome> = {
  name: 'set-extra',
  code: 8,

  check(tree, context, { file, changes }) {
    const inode = tree.inode(file);
    if (inode === undefined) return err('stale');
    if (inode.kind === 'stream' || changes.length > CHANGES_MAX) return err('invalid');
    const refusal = refuseRights(inode, context.caller, changes) ?? refuseForm(changes);
    if (refusal !== undefined) return err(refusal);
    const size = sizeAfter(tree, file, changes);
    if (!size.ok) return size;
    return context.hasRoom(size.value) ? ok({ file, changes }) : err('no-space');
  },

  encode(to, { file, changes }) {
    writeFile(to, file);
    to.u16(changes.length);
    for (const change of changes) encodeChange(to, change);
  },

  decode(from) {
    const file = readFile(from);
    const count = from.u16();
    return { file, changes: Array.from({ length: count }, () => decodeChange(from)) };
  },

  apply(tree, { file, changes }, stamp) {
    const before = inodeToChange(tree, file);
    for (const change of changes) tree.putExtra(file, change);
    return { file: putChanged(tree, before, stamp, { holds: holdsAfter(tree, before, changes) }) };
  },
};

function refuseRights(
  inode: Inode,
  caller: Caller,
  changes: readonly ExtraChange[],
): FsError | undefined {
  if (caller.uid === 0 || caller.uid === inode.uid) return undefined;
  if (changes.some(({ kind }) => kind === 'security')) return 'not-permitted';
  return mayAll(inode, caller, MAY_WRITE) ? undefined : 'access';
}

function refuseForm(changes: readonly ExtraChange[]): FsError | undefined {
  for (const { kind, name, value } of changes) {
    if (kind === 'security') {
      if (name !== '') return 'invalid';
      if (value !== undefined && value.length > SECURITY_SIZE_MAX) return 'file-too-big';
    } else if (name === '' || name.length > ATTRIBUTE_NAME_SIZE_MAX || name.includes('\0')) {
      return 'invalid';
    }
  }
  return undefined;
}

/** Bytes of all extended attributes and a new descriptor after the changes, which may name one twice. */
function sizeAfter(
  tree: Tree,
  file: FileId,
  changes: readonly ExtraChange[],
): Result<number, FsError> {
  const sizes = new Map<string, number>();
  for (const { name, value } of tree.extras(file, 'attribute')) {
    sizes.set(foldAttribute(name), ATTRIBUTE_COST + name.length + value.length);
  }
  let security = 0;
  // What the entry has to carry, however often it names the same.
  let carried = 0;
  for (const { kind, name, value } of changes) {
    if (kind === 'attribute') carried += ATTRIBUTE_COST + name.length + (value?.length ?? 0);
    if (kind === 'security') security = value?.length ?? 0;
    else if (value === undefined) sizes.delete(foldAttribute(name));
    else sizes.set(foldAttribute(name), ATTRIBUTE_COST + name.length + value.length);
  }
  const attributes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return Math.max(attributes, carried) > ATTRIBUTES_SIZE_MAX
    ? err('file-too-big')
    : ok(attributes + security);
}

function holdsAfter(tree: TreeWriter, before: Inode, changes: readonly ExtraChange[]): number {
  let { holds } = before;
  for (const kind of KINDS) {
    const own = changes.filter((change) => change.kind === kind);
    if (own.length === 0) continue;
    const bit = holdsOf(kind);
    // With the bit set the rows are asked, and the last of them may have gone.
    tree.putInode({ ...before, holds: holds | bit });
    holds = tree.extras(before.id, kind).length > 0 ? holds | bit : holds & ~bit;
  }
  return holds;
}

function encodeChange(to: Writer, { kind, name, value }: ExtraChange): void {
  to.u8(KINDS.indexOf(kind));
  to.byteString(name);
  to.u8(value === undefined ? 0 : 1);
  if (value !== undefined) to.opaque(value);
}

function decodeChange(from: Reader): ExtraChange {
  const code = from.u8();
  const kind = KINDS[code];
  if (kind === undefined) throw new DecodeError(`extra: kind ${code}`);
  const name = from.byteString(ATTRIBUTE_NAME_SIZE_MAX, 'attribute name');
  const max = kind === 'security' ? SECURITY_SIZE_MAX : ATTRIBUTES_SIZE_MAX;
  return { kind, name, value: from.u8() === 0 ? undefined : from.opaque(max, 'extra') };
}
