/** TREE_CONNECT: a share, or IPC$ ([MS-SMB2] §2.2.9, §2.2.10, §3.3.5.7). */
import ipaddr from 'ipaddr.js';
import type { ShareRecord } from '#core/group/registry.ts';
import type { FileId } from '#core/vfs/inode.ts';
import type { Command, SmbCall } from '../command.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_BAD_NETWORK_NAME,
  STATUS_INSUFFICIENT_RESOURCES,
  STATUS_SUCCESS,
  STATUS_USER_SESSION_DELETED,
} from '../status.ts';
import type { DiskShare, PipeShare } from '../tree-connect.ts';

export const SMB2_SHARE_TYPE_DISK = 0x01;
export const SMB2_SHARE_TYPE_PIPE = 0x02;
export const SMB2_SHAREFLAG_NO_CACHING = 0x30;
export const SMB2_SHAREFLAG_ENCRYPT_DATA = 0x8000;
const SMB2_TREE_CONNECT_FLAG_EXTENSION_PRESENT = 0x4;

const HEADER_SIZE = 64;
const REQUEST_SIZE = 8;
/** FILE_ALL_ACCESS, and what of it a read-only share leaves ([MS-SMB2] §2.2.13.1.1). */
const ALL_ACCESS = 0x001f_01ff;
const READ_ACCESS = 0x0012_00a9;

export interface TreeConnectRequest {
  readonly flags: number;
  /** `\\server\share`. */
  readonly path: string;
}

export interface TreeConnectResponse {
  readonly shareType: number;
  readonly shareFlags: number;
  readonly capabilities: number;
  readonly maximalAccess: number;
}

export const treeConnect: Command<TreeConnectRequest, TreeConnectResponse> = {
  name: 'TREE_CONNECT',
  code: 0x0003,
  needs: 'session',

  decode(from) {
    from.structureSize(REQUEST_SIZE + 1);
    const flags = from.u16();
    const offset = from.u16();
    const size = from.u16();
    const start =
      flags & SMB2_TREE_CONNECT_FLAG_EXTENSION_PRESENT
        ? offset + REQUEST_SIZE + HEADER_SIZE
        : offset;
    const path = from.at(start, size, 'TREE_CONNECT path').toString('utf16le');
    return { flags, path };
  },

  handle(call, { path }) {
    const { connection, session, isSigned, isEncrypted } = call.inside;
    if (session === undefined) return { status: STATUS_USER_SESSION_DELETED };
    // What 3.1.1 protects the negotiation by is the signature of this request.
    if (connection.dialect === 0x0311 && !isSigned && !isEncrypted) {
      return { status: STATUS_ACCESS_DENIED };
    }
    const name = path.slice(path.lastIndexOf('\\') + 1);
    const found = name.toUpperCase() === 'IPC$' ? IPC : shareOf(call, name);
    if (typeof found === 'number') return { status: found };
    const { share, encrypts } = found;
    const canEncrypt = session.sealer !== undefined;
    if (encrypts && !canEncrypt) return { status: STATUS_ACCESS_DENIED };
    const id = session.mintTree();
    if (id === undefined) return { status: STATUS_INSUFFICIENT_RESOURCES };
    const tree = { id, share, encrypts };
    session.trees.set(id, tree);
    call.inside.enterTree(tree);
    const isDisk = share.kind === 'disk';
    return {
      status: STATUS_SUCCESS,
      response: {
        shareType: isDisk ? SMB2_SHARE_TYPE_DISK : SMB2_SHARE_TYPE_PIPE,
        shareFlags:
          (isDisk ? 0 : SMB2_SHAREFLAG_NO_CACHING) | (encrypts ? SMB2_SHAREFLAG_ENCRYPT_DATA : 0),
        capabilities: 0,
        maximalAccess: isDisk && share.readOnly ? READ_ACCESS : ALL_ACCESS,
      },
    };
  },

  encode(to, response) {
    to.u16(16);
    to.u8(response.shareType);
    to.u8(0);
    to.u32(response.shareFlags);
    to.u32(response.capabilities);
    to.u32(response.maximalAccess);
  },

  encodeRequest(to, { flags, path }) {
    to.u16(REQUEST_SIZE + 1);
    to.u16(flags);
    to.u16(HEADER_SIZE + REQUEST_SIZE);
    to.u16(2 * path.length);
    to.text(path);
  },

  decodeResponse(from) {
    from.structureSize(16);
    const shareType = from.u8();
    from.skip(1);
    return {
      shareType,
      shareFlags: from.u32(),
      capabilities: from.u32(),
      maximalAccess: from.u32(),
    };
  },
};

interface Found {
  readonly share: DiskShare | PipeShare;
  readonly encrypts: boolean;
}

const IPC: Found = { share: { kind: 'pipe', name: 'IPC$' }, encrypts: false };

function shareOf({ scene, connection }: SmbCall, name: string): Found | number {
  const record = scene.shares.find(name);
  const volume = record && scene.group.volume(record.volume);
  if (record === undefined || volume?.tree.inode(record.root as FileId) === undefined) {
    return STATUS_BAD_NETWORK_NAME;
  }
  if (!admits(record, connection.address)) return STATUS_ACCESS_DENIED;
  const { name: spelled, readOnly, encrypted } = record;
  const root = record.root as FileId;
  const share = { kind: 'disk', name: spelled, volume, root, readOnly } as const;
  return { share, encrypts: encrypted };
}

/** Whether a client of this address may use the share. */
export function admits({ networks }: ShareRecord, address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const client = ipaddr.process(address);
  return networks.some((network) => {
    if (!ipaddr.isValidCIDR(network)) return false;
    const [base, bits] = ipaddr.parseCIDR(network);
    return base.kind() === client.kind() && client.match(base, bits);
  });
}
