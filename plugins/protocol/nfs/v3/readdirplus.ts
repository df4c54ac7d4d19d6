/** READDIRPLUS: names of a directory with attributes and handles, a page at a time (RFC 1813 §3.3.17). */
import { MAY_EXECUTE, MAY_READ, mayAll } from '#core/vfs/access.ts';
import { COMMON_HANDLE_SIZE_MAX, type CommonHandle } from '#core/vfs/handle.ts';
import type { Inode } from '#core/vfs/inode.ts';
import type { Call, Located } from '../call.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { type Fattr3, POST_OP_ATTR_SIZE, readPostOpAttr, writePostOpAttr } from './attributes.ts';
import {
  COOKIE_VERIFIER,
  LISTING_FRAME_SIZE,
  LISTING_SIZE_MAX,
  type ListedName,
  nameSize,
  namesAfter,
} from './listing.ts';
import {
  type AttributesAnswer,
  readStatusAndAttributes,
  type Told,
  told,
  writeStatusAndAttributes,
} from './post-op.ts';
import { NFS3_OK, NFS3ERR_NOTDIR, NFS3ERR_TOOSMALL, nfsstat3 } from './status.ts';
import { NFS3_COOKIEVERFSIZE, readHandle, readPostOpHandle } from './types.ts';

/** Bytes of an entry that `dircount` counts, beside the name: fileid, cookie. */
const INFORMATION_SIZE = 8 + 8;
/** Bytes of entryplus3 beside name and handle: that it follows, fileid, cookie, attributes, that a handle follows. */
const ENTRY_SIZE = 4 + INFORMATION_SIZE + POST_OP_ATTR_SIZE + 4;
const NAME_READ_SIZE_MAX = 1024;

export interface ReaddirplusArgs {
  readonly dir: Buffer;
  readonly cookie: number;
  readonly verifier: Buffer;
  readonly dircount: number;
  readonly maxcount: number;
}

/** `inode` is missing where the caller may list the directory but not search it. */
interface ListedInode {
  readonly listed: ListedName;
  readonly inode: Inode | undefined;
}

type ReaddirplusRes =
  | {
      readonly status: 0;
      readonly told: Told;
      readonly page: readonly ListedInode[];
      readonly eof: boolean;
      /** Valid until the next call of it. */
      handleOf(inode: Inode): CommonHandle;
    }
  | { readonly status: number; readonly told?: Told; readonly page?: never };

export interface ListedFile extends ListedName {
  readonly attributes: Fattr3 | undefined;
  readonly handle: Buffer | undefined;
}

export interface ReaddirplusAnswer extends AttributesAnswer {
  readonly verifier: Buffer;
  /** Ids are fileids. */
  readonly names: readonly ListedFile[];
  readonly eof: boolean;
}

export const readdirplus: Procedure<ReaddirplusArgs, ReaddirplusRes, ReaddirplusAnswer> = {
  name: 'READDIRPLUS',
  number: 17,
  changes: false,

  resultsSizeMax: ({ maxcount }) => Math.min(maxcount, LISTING_SIZE_MAX) + POST_OP_ATTR_SIZE + 64,

  decode(from) {
    const dir = readHandle(from);
    const cookie = from.u64Clamped();
    const verifier = from.fixed(NFS3_COOKIEVERFSIZE);
    return { dir, cookie, verifier, dircount: from.u32(), maxcount: from.u32() };
  },

  handle(call, args) {
    const located = call.locate(args.dir);
    if (!located.ok) return { status: nfsstat3[located.error] };
    const { inode, caller } = located.value;
    const attributes = told(located.value);
    if (inode.kind !== 'directory') return { status: NFS3ERR_NOTDIR, told: attributes };
    if (!mayAll(inode, caller, MAY_READ)) return { status: nfsstat3.access, told: attributes };
    const page = pageOf(call, located.value, args);
    if (page === undefined) return { status: NFS3ERR_TOOSMALL, told: attributes };
    const handleOf = (child: Inode) => call.handleOf(located.value, child);
    return { status: NFS3_OK, told: attributes, ...page, handleOf };
  },

  encode(to, res) {
    writeStatusAndAttributes(to, res);
    if (res.page === undefined) return;
    to.raw(COOKIE_VERIFIER);
    const { fsid } = res.told;
    for (const { listed, inode } of res.page) {
      to.u32(1);
      to.u64(listed.id);
      to.byteString(listed.name);
      to.u64(listed.cookie);
      writePostOpAttr(to, fsid, inode);
      to.bool(inode !== undefined);
      if (inode !== undefined) to.opaque(res.handleOf(inode));
    }
    to.u32(0);
    to.bool(res.eof);
  },

  encodeArgs(to, { dir, cookie, verifier, dircount, maxcount }) {
    to.opaque(dir);
    to.u64(cookie);
    to.fixed(verifier);
    to.u32(dircount);
    to.u32(maxcount);
  },

  decodeRes(from) {
    const answer = readStatusAndAttributes(from);
    const none = { verifier: Buffer.alloc(0), names: [], eof: false };
    if (answer.status !== NFS3_OK) return { ...answer, ...none };
    const verifier = Buffer.from(from.fixed(NFS3_COOKIEVERFSIZE));
    const names: ListedFile[] = [];
    while (from.bool()) {
      const id = from.u64() as ListedName['id'];
      const name = from.byteString(NAME_READ_SIZE_MAX, 'name');
      const cookie = from.u64();
      const attributes = readPostOpAttr(from);
      names.push({ id, name, cookie, attributes, handle: readPostOpHandle(from) });
    }
    return { ...answer, verifier, names, eof: from.bool() };
  },
};

/**
 * As many entries as fit; `undefined` when not even one does. `dircount` is a hint of how much the client wants
 * (0: no wish) and never keeps the first entry out, so that a listing always goes on.
 */
function pageOf(
  call: Call,
  located: Located,
  { cookie, dircount, maxcount }: ReaddirplusArgs,
): { readonly page: readonly ListedInode[]; readonly eof: boolean } | undefined {
  const { volume, inode: directory, caller } = located;
  const searches = mayAll(directory, caller, MAY_EXECUTE);
  const entrySize = ENTRY_SIZE + handleSizeMax(call, located);
  let room = Math.min(maxcount, LISTING_SIZE_MAX) - POST_OP_ATTR_SIZE - LISTING_FRAME_SIZE;
  let wanted = dircount === 0 ? LISTING_SIZE_MAX : dircount;
  const limit = Math.max(1, Math.floor(room / (entrySize + 8)));
  const names = namesAfter(located, cookie, limit + 1);
  const page: ListedInode[] = [];
  for (const listed of names) {
    const size = nameSize(listed.name);
    room -= entrySize + size;
    wanted -= INFORMATION_SIZE + size;
    if (room < 0 || page.length === limit || (wanted < 0 && page.length > 0)) break;
    const inode = searches ? volume.tree.inode(listed.id) : undefined;
    if (inode !== undefined) call.see(inode);
    page.push({ listed, inode });
  }
  if (page.length === 0 && names.length > 0) return undefined;
  return { page, eof: page.length === names.length };
}

/** Bytes of a handle with its length: generic ones are all of one size, issuer ones as long as their box made them. */
function handleSizeMax(call: Call, located: Located): number {
  if (located.export.record.handles !== 'generic') return 4 + COMMON_HANDLE_SIZE_MAX;
  return 4 + ((call.handleOf(located, located.inode).length + 3) & ~3);
}
