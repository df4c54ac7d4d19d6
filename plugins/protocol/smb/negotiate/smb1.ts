/**
 * The SMB1 NEGOTIATE that old and cautious clients begin with ([MS-SMB2] §3.3.5.3): answered in SMB2 where it offers that,
 * with a closed connection otherwise.
 */
import { DecodeError } from '#core/wire/reader.ts';
import type { NegotiateRequest } from '../commands/negotiate.ts';
import { negotiate } from '../commands/negotiate.ts';
import type { SmbConnection } from '../connection.ts';
import { writeHeader } from '../wire/header.ts';
import { SmbWriter } from '../wire/writer.ts';
import { DIALECT_WILDCARD } from './settings.ts';

/** 0xFF 'S' 'M' 'B', little-endian. */
export const SMB1_PROTOCOL_ID = 0x424d53ff;

const SMB_COM_NEGOTIATE = 0x72;
/** Header of 32 bytes, a count of words (none), a count of bytes. */
const DIALECTS_OFFSET = 35;

/** The NEGOTIATE of SMB2 that the message amounts to. Throws `DecodeError` where the connection must end. */
export function translated(connection: SmbConnection, message: Buffer): Buffer {
  if (connection.dialect !== 0 || connection.isAskedAgain || message[4] !== SMB_COM_NEGOTIATE) {
    throw new DecodeError('SMB1: is not spoken here');
  }
  if (message.length <= DIALECTS_OFFSET) throw new DecodeError('SMB1 NEGOTIATE: cut');
  const names = message.toString('latin1', DIALECTS_OFFSET).split('\0');
  const offers = (name: string): boolean => names.includes(`\x02${name}`);
  connection.isAskedAgain = true;
  if (offers('SMB 2.???')) return said(DIALECT_WILDCARD);
  if (offers('SMB 2.002')) return said(0x0202);
  throw new DecodeError('SMB1 NEGOTIATE: offers nothing of SMB2');
}

/** The same said in SMB2, as the client's message 0. */
function said(dialect: number): Buffer {
  const request: NegotiateRequest = {
    securityMode: 0,
    capabilities: 0,
    clientGuid: Buffer.alloc(16),
    dialects: [dialect],
    contexts: [],
  };
  const to = new SmbWriter(1024);
  writeHeader(to, {
    creditCharge: 0,
    status: 0,
    command: negotiate.code,
    credits: 1,
    flags: 0,
    nextCommand: 0,
    messageId: 0n,
    asyncId: 0n,
    treeId: 0,
    sessionId: 0n,
  });
  negotiate.encodeRequest(to, request);
  return Buffer.from(to.finish());
}
