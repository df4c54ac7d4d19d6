/**
 * One RPC record, sent as it is by a connection of its own, and its reply, byte for byte. Sent again where the connection
 * is lost: what a retransmission after a takeover is.
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MESSAGE_SIZE_MAX } from '#core/limits.ts';
import { Writer } from '#core/wire/writer.ts';
import { AUTH_SYS, encodeAuthSys } from '#plugins/protocol/nfs/rpc/auth.ts';
import {
  LAST_FRAGMENT,
  RECORD_MARK_SIZE,
  RPC_VERSION,
  writeCallHeader,
} from '#plugins/protocol/nfs/rpc/message.ts';
import type { Procedure } from '#plugins/protocol/nfs/rpc/procedure.ts';
import { NFS_PROGRAM, NFS_VERSION } from '#plugins/protocol/nfs/v3/program.ts';

/** Milliseconds for an answer, over all tries. */
const ANSWER_MS_MAX = 30_000;
/** Milliseconds of one try. */
const TRY_MS_MAX = 3_000;
const RETRY_MS = 20;
const ROOT = { uid: 0, gid: 0, groups: [] };

export interface Place {
  readonly address: string;
  readonly port: number;
}

/** A call of NFS version 3 by root. */
export function recordOf<Args>(
  xid: number,
  procedure: Pick<Procedure<Args, unknown, unknown>, 'number' | 'encodeArgs'>,
  args: Args,
): Buffer {
  const to = new Writer(MESSAGE_SIZE_MAX + RECORD_MARK_SIZE);
  to.u32(0);
  writeCallHeader(to, {
    xid,
    rpcVersion: RPC_VERSION,
    program: NFS_PROGRAM,
    version: NFS_VERSION,
    procedure: procedure.number,
    flavor: AUTH_SYS,
    credential: encodeAuthSys(ROOT, 'understudy', 0),
  });
  procedure.encodeArgs(to, args);
  to.u32At(0, (LAST_FRAGMENT | (to.offset - RECORD_MARK_SIZE)) >>> 0);
  return Buffer.from(to.finish());
}

/** The reply's record, its mark left out. */
export async function sendRecord(place: Place, record: Buffer): Promise<Buffer> {
  const until = performance.now() + ANSWER_MS_MAX;
  while (performance.now() < until) {
    const reply = await tryRecord(place, record);
    if (reply !== undefined) return reply;
    await sleep(RETRY_MS);
  }
  throw new Error(`no answer from ${place.address} port ${place.port} in ${ANSWER_MS_MAX} ms`);
}

/** `undefined` where the connection was refused, lost or silent. */
function tryRecord({ address, port }: Place, record: Buffer): Promise<Buffer | undefined> {
  return new Promise((done) => {
    let bytes = Buffer.alloc(0);
    const socket = connect({ host: address, port }, () => socket.write(record));
    socket.setTimeout(TRY_MS_MAX, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => done(undefined));
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length < RECORD_MARK_SIZE) return;
      const size = bytes.readUInt32BE(0) & ~LAST_FRAGMENT;
      if (bytes.length < RECORD_MARK_SIZE + size) return;
      done(bytes.subarray(RECORD_MARK_SIZE, RECORD_MARK_SIZE + size));
      socket.destroy();
    });
  });
}
