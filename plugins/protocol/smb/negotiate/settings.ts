/** What this server says of itself, the same on every box ([MS-SMB2] §3.3.1.5, §3.3.5.4). */
import type { Dialect } from '../connection-state.ts';
import type { SmbPolicy } from '../policy.ts';
import type { Scene } from '../scene.ts';

/** What NTLM calls this server; a name that all boxes have in common. */
export const SERVER_NAME = 'UNDERSTUDY';

/** From the best one down. */
export const DIALECTS: readonly Dialect[] = [0x0311, 0x0302, 0x0300, 0x0210, 0x0202];
/** The answer to SMB1's "SMB 2.???": the client is to negotiate again, in SMB2. */
export const DIALECT_WILDCARD = 0x02ff;

export const SMB2_NEGOTIATE_SIGNING_ENABLED = 0x1;
export const SMB2_NEGOTIATE_SIGNING_REQUIRED = 0x2;

export const SMB2_GLOBAL_CAP_DFS = 0x01;
export const SMB2_GLOBAL_CAP_LEASING = 0x02;
export const SMB2_GLOBAL_CAP_LARGE_MTU = 0x04;
export const SMB2_GLOBAL_CAP_ENCRYPTION = 0x40;

/** Bytes of one READ, WRITE or answer: one credit's in 2.0.2, otherwise what Windows uses at most. */
export const maxSizeOf = (dialect: Dialect): number => (dialect === 0x0202 ? 65_536 : 1024 * 1024);

export function securityModeOf(policy: SmbPolicy): number {
  const required = policy.signing === 'required' ? SMB2_NEGOTIATE_SIGNING_REQUIRED : 0;
  return SMB2_NEGOTIATE_SIGNING_ENABLED | required;
}

export function capabilitiesOf(dialect: Dialect, clientCapabilities: number): number {
  if (dialect === 0x0202) return 0;
  let capabilities = SMB2_GLOBAL_CAP_LEASING | SMB2_GLOBAL_CAP_LARGE_MTU;
  // Folders are not leased: nobody tells their holders of what others do in them.
  // 3.1.1 says so in a context instead.
  if (dialect === 0x0300 || dialect === 0x0302) {
    capabilities |= clientCapabilities & SMB2_GLOBAL_CAP_ENCRYPTION;
  }
  return capabilities;
}

/** 16 bytes. */
export function serverGuid({ identities }: Scene): Buffer {
  return Buffer.from(identities.identity?.guid ?? '0'.repeat(32), 'hex');
}
