/** Requests as bytes: headers, padding between them, signatures. */
import { chargeOf } from '../dispatch/fields.ts';
import {
  HEADER_SIZE,
  type Header,
  SMB2_FLAGS_RELATED_OPERATIONS,
  writeHeader,
} from '../wire/header.ts';
import { SmbWriter } from '../wire/writer.ts';
import { MESSAGE_SIZE_MAX } from '../wire/writer-pool.ts';
import type { Request } from './reply.ts';
import type { SmbClient } from './smb-client.ts';

const NEXT_COMMAND_OFFSET = 20;
const CREDIT_CHARGE_OFFSET = 6;
const MESSAGE_ID_OFFSET = 24;
/** Credits that a request asks for unless it says otherwise: enough to keep two full READs under way. */
const CREDITS = 64;
const ALL_ONES = 0xffff_ffff_ffff_ffffn;

export interface Outgoing {
  readonly message: Buffer;
  /** Message ids that each request uses up. */
  readonly charges: readonly number[];
}

export function writeRequests(
  client: SmbClient,
  requests: readonly Request[],
  firstId: bigint,
  signs: boolean,
): Outgoing {
  const to = new SmbWriter(2 * MESSAGE_SIZE_MAX);
  const starts: number[] = [];
  const charges: number[] = [];
  let id = firstId;
  for (const request of requests) {
    to.origin = 0;
    if (starts.length > 0) to.align(8);
    const start = to.offset;
    to.origin = start;
    starts.push(start);
    writeHeader(to, headerOf(request, id));
    request.command.encodeRequest(to, request.args as never);
    const body = to.finish(start + HEADER_SIZE);
    const charge = client.dialect >= 0x0210 ? chargeOf(request.command.code, body) : 1;
    charges.push(charge);
    if (client.dialect >= 0x0210) to.u16At(start + CREDIT_CHARGE_OFFSET, charge);
    to.bytes.writeBigUInt64LE(id, start + MESSAGE_ID_OFFSET);
    id += BigInt(charge);
  }
  for (const [index, start] of starts.entries()) {
    const end = starts[index + 1] ?? to.offset;
    if (index + 1 < starts.length) to.u32At(start + NEXT_COMMAND_OFFSET, end - start);
    const first = requests.slice(0, index + 1).findLast(({ isRelated }) => isRelated !== true);
    const keys = client.keys.get(
      (requests[index]?.isRelated ? first : requests[index])?.sessionId ?? 0n,
    );
    if (signs) keys?.signer.sign(to.bytes.subarray(start, end));
  }
  return { message: Buffer.from(to.finish()), charges };
}

function headerOf(request: Request, messageId: bigint): Header {
  const { isRelated = false, command, flags = 0 } = request;
  return {
    creditCharge: 0,
    status: request.channelSequence ?? 0,
    command: command.code,
    credits: request.credits ?? CREDITS,
    flags: flags | (isRelated ? SMB2_FLAGS_RELATED_OPERATIONS : 0),
    nextCommand: 0,
    messageId,
    asyncId: 0n,
    treeId: isRelated ? 0xffff_ffff : (request.treeId ?? 0),
    sessionId: isRelated ? ALL_ONES : (request.sessionId ?? 0n),
  };
}
