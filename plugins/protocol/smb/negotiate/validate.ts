/**
 * FSCTL_VALIDATE_NEGOTIATE_INFO: what the client was told, told again under its signature ([MS-SMB2] §2.2.31.4, §2.2.32.6,
 * §3.3.5.15.12).
 */
import type { SmbConnection } from '../connection.ts';
import { SmbReader } from '../wire/reader.ts';
import { selectDialect } from './select.ts';
import { capabilitiesOf, securityModeOf, serverGuid } from './settings.ts';

/** Dialects that one request may list: there are seven. */
const DIALECTS_MAX = 64;

/**
 * The output, 24 bytes; `undefined` where the connection must end at once, without an answer: somebody came between, or
 * the dialect is 3.1.1, which needs no asking.
 */
export function validateNegotiate(connection: SmbConnection, input: Buffer): Buffer | undefined {
  const { dialect, scene } = connection;
  if (dialect === 0 || dialect === 0x0311) return undefined;
  const from = new SmbReader(input);
  const capabilities = from.u32();
  const guid = from.raw(16).toString('hex');
  const securityMode = from.u16();
  const count = from.u16();
  if (count > DIALECTS_MAX) return undefined;
  const dialects = Array.from({ length: count }, () => from.u16());
  const isSame =
    capabilities === connection.clientCapabilities &&
    guid === connection.clientGuid &&
    securityMode === connection.clientSecurityMode &&
    selectDialect(dialects) === dialect;
  if (!isSame) return undefined;
  const output = Buffer.alloc(24);
  output.writeUInt32LE(capabilitiesOf(dialect, connection.clientCapabilities), 0);
  serverGuid(scene).copy(output, 4);
  output.writeUInt16LE(securityModeOf(scene.policy), 20);
  output.writeUInt16LE(dialect, 22);
  return output;
}
