/** An authenticated user on a connection ([MS-SMB2] §3.3.1.8), as far as commands ask for it. */
import type { Caller } from '#core/vfs/caller.ts';

export interface SmbUser {
  /** As it stands in the users' table; compared without case. */
  readonly name: string;
  readonly caller: Caller;
}

export interface Session {
  readonly id: bigint;
  readonly user: SmbUser;
  /** Session.ApplicationKey (§3.3.1.8), for pipes that ask for it: 16 bytes. */
  readonly applicationKey: Buffer;
}
