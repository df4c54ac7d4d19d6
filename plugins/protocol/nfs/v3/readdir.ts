/** READDIR: names of a directory, a page at a time (RFC 1813 §3.3.16). */
import { MAY_READ, mayAll } from '#core/vfs/access.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { POST_OP_ATTR_SIZE } from './attributes.ts';
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
import { NFS3_COOKIEVERFSIZE, readHandle } from './types.ts';

/** Bytes of entry3 beside its name: that it follows, fileid, cookie. */
const ENTRY_SIZE = 4 + 8 + 8;
/** A name's length and one character, padded. */
const SHORTEST_ENTRY_SIZE = ENTRY_SIZE + 8;
const NAME_READ_SIZE_MAX = 1024;

export interface ReaddirArgs {
  readonly dir: Buffer;
  readonly cookie: number;
  readonly verifier: Buffer;
  readonly count: number;
}

type ReaddirRes =
  | {
      readonly status: 0;
      readonly told: Told;
      readonly names: readonly ListedName[];
      readonly eof: boolean;
    }
  | { readonly status: number; readonly told?: Told; readonly names?: never };

export interface ReaddirAnswer extends AttributesAnswer {
  readonly verifier: Buffer;
  /** Ids are fileids. */
  readonly names: readonly ListedName[];
  readonly eof: boolean;
}

export const readdir: Procedure<ReaddirArgs, ReaddirRes, ReaddirAnswer> = {
  name: 'READDIR',
  number: 16,
  changes: false,

  resultsSizeMax: ({ count }) => Math.min(count, LISTING_SIZE_MAX) + POST_OP_ATTR_SIZE + 64,

  decode(from) {
    const dir = readHandle(from);
    const cookie = from.u64Clamped();
    const verifier = from.fixed(NFS3_COOKIEVERFSIZE);
    return { dir, cookie, verifier, count: from.u32() };
  },

  handle(call, { dir, cookie, count }) {
    const located = call.locate(dir);
    if (!located.ok) return { status: nfsstat3[located.error] };
    const { inode, caller } = located.value;
    const attributes = told(located.value);
    if (inode.kind !== 'directory') return { status: NFS3ERR_NOTDIR, told: attributes };
    if (!mayAll(inode, caller, MAY_READ)) return { status: nfsstat3.access, told: attributes };
    const room = Math.min(count, LISTING_SIZE_MAX) - POST_OP_ATTR_SIZE - LISTING_FRAME_SIZE;
    const limit = Math.max(1, Math.floor(room / SHORTEST_ENTRY_SIZE));
    const names = namesAfter(located.value, cookie, limit + 1);
    const page = fitting(names, limit, room);
    if (page.length === 0 && names.length > 0) {
      return { status: NFS3ERR_TOOSMALL, told: attributes };
    }
    const eof = page.length === names.length;
    return { status: NFS3_OK, told: attributes, names: page, eof };
  },

  encode(to, res) {
    writeStatusAndAttributes(to, res);
    if (res.names === undefined) return;
    to.raw(COOKIE_VERIFIER);
    for (const { id, name, cookie } of res.names) {
      to.u32(1);
      to.u64(id);
      to.byteString(name);
      to.u64(cookie);
    }
    to.u32(0);
    to.bool(res.eof);
  },

  encodeArgs(to, { dir, cookie, verifier, count }) {
    to.opaque(dir);
    to.u64(cookie);
    to.fixed(verifier);
    to.u32(count);
  },

  decodeRes(from) {
    const answer = readStatusAndAttributes(from);
    const none = { verifier: Buffer.alloc(0), names: [], eof: false };
    if (answer.status !== NFS3_OK) return { ...answer, ...none };
    const verifier = Buffer.from(from.fixed(NFS3_COOKIEVERFSIZE));
    const names: ListedName[] = [];
    while (from.bool()) {
      const id = from.u64() as ListedName['id'];
      const name = from.byteString(NAME_READ_SIZE_MAX, 'name');
      names.push({ id, name, cookie: from.u64() });
    }
    return { ...answer, verifier, names, eof: from.bool() };
  },
};

function fitting(names: readonly ListedName[], limit: number, room: number): readonly ListedName[] {
  let left = room;
  let count = 0;
  for (const { name } of names) {
    left -= ENTRY_SIZE + nameSize(name);
    if (left < 0 || count === limit) break;
    count += 1;
  }
  return names.slice(0, count);
}
