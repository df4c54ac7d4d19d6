/** What was negotiated on a connection ([MS-SMB2] §3.3.1.7), as far as commands ask for it. */

export type Dialect = 0x0202 | 0x0210 | 0x0300 | 0x0302 | 0x0311;

export interface ConnectionState {
  /** 0 before NEGOTIATE. */
  readonly dialect: Dialect | 0;
  /** 16 bytes, hex; zeros in 2.0.2. */
  readonly clientGuid: string;
  readonly clientCapabilities: number;
  /** Literal, without port; IPv4 as IPv4. */
  readonly address: string;
  /** The service address that the client reached. */
  readonly localAddress: string;
  readonly maxTransactSize: number;
  readonly maxReadSize: number;
  readonly maxWriteSize: number;
  /** An unsolicited message to the client: OPLOCK_BREAK notifications (§3.3.4.6, §3.3.4.7). Dropped when it is gone. */
  notify(sessionId: bigint, command: number, body: Buffer): void;
}
