/**
 * Streams between machines, plain or in mutual TLS. Bytes arrive in buffers that the receiver provides, so that
 * a large message is read into its place without a copy.
 */
export interface Connection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  /** SHA-256 of the peer's certificate (DER), lower-case hex; empty for plain TCP. */
  readonly peerFingerprint: string;
  /** Bytes written and not yet taken by the kernel. */
  readonly queuedSize: number;
  /**
   * Queues bytes for sending, in order. The buffer belongs to the connection until `released` is called (at
   * once where it is not given and the bytes were copied by the kernel already).
   */
  write(bytes: Uint8Array, released?: () => void): void;
  /** Stops reading until `resume`: the peer's kernel then holds it back. */
  pause(): void;
  resume(): void;
  /** Closes after what is queued was sent. */
  end(): void;
  /** Closes at once, with a reset where the system can. */
  destroy(): void;
}

export interface Receiver {
  /** Where the next bytes go: at least one byte of room. */
  room(): Buffer;
  /** `size` bytes have arrived in the buffer that `room` gave last. A thrown `DecodeError` destroys the connection. */
  received(size: number): void;
  /** Every connection ends with exactly one call; `error` names why when it was not an orderly end. */
  closed(error?: Error): void;
  /** All queued bytes were taken by the kernel. */
  drained?(): void;
}

export interface Listener {
  readonly port: number;
  /** Stops accepting; connections live on. */
  close(): void;
}

/** This box's key and certificate, PEM, and the certificates (SHA-256 of DER, hex) that it talks to. */
export interface TlsIdentity {
  readonly key: string;
  readonly certificate: string;
  /** Asked at every handshake, so that pinning and revoking take effect at once. */
  trusts(fingerprint: string): boolean;
}

export interface ListenOptions {
  readonly address: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly tls?: TlsIdentity;
  /** The address need not be this machine's yet: who comes when it is finds the port open. */
  readonly ahead?: boolean;
}

export interface ConnectOptions {
  readonly address: string;
  readonly port: number;
  readonly tls?: TlsIdentity;
  readonly timeoutMs: number;
}

export interface Net {
  /** Rejects with a sentence that names address, port and reason. */
  listen(options: ListenOptions, accept: (connection: Connection) => Receiver): Promise<Listener>;
  connect(options: ConnectOptions, open: (connection: Connection) => Receiver): Promise<Connection>;
  /** Whether a machine answers at all: a TCP connection or its refusal counts. */
  reaches(address: string, port: number, timeoutMs: number): Promise<boolean>;
}
