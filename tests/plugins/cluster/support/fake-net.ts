/** A network in memory, with faults. A certificate is any text; its SHA-256 is its fingerprint. */
import { createHash } from 'node:crypto';
import type {
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  Net,
  Receiver,
} from '#core/ports/net.ts';

export const fingerprintOf = (certificate: string): string =>
  createHash('sha256').update(certificate).digest('hex');

interface Accepting {
  readonly options: ListenOptions;
  readonly accept: (connection: Connection) => Receiver;
}

export class FakeNet implements Net {
  readonly #listeners = new Map<number, Accepting>();
  readonly connections: FakeConnection[] = [];
  /** Bytes that `received` gets at most at once, so that frames arrive in pieces. */
  chunkSize = 10_000;
  /** Nothing arrives and nobody learns of it. */
  cut = false;
  connects = 0;
  reachable = true;
  #nextPort = 1_000;

  async listen(options: ListenOptions, accept: Accepting['accept']): Promise<Listener> {
    const port = options.port || ++this.#nextPort;
    if (this.#listeners.has(port)) throw new Error(`port ${port}: in use`);
    this.#listeners.set(port, { options, accept });
    return { port, close: () => void this.#listeners.delete(port) };
  }

  async connect(
    options: ConnectOptions,
    open: (connection: Connection) => Receiver,
  ): Promise<Connection> {
    this.connects += 1;
    const there = this.#listeners.get(options.port);
    if (there === undefined || this.cut) throw new Error(`port ${options.port}: nobody listens`);
    const mine = fingerprintOf(options.tls?.certificate ?? '');
    const theirs = fingerprintOf(there.options.tls?.certificate ?? '');
    if (!there.options.tls?.trusts(mine) || !options.tls?.trusts(theirs)) {
      throw new Error('handshake refused');
    }
    const near = new FakeConnection(this, theirs);
    const far = new FakeConnection(this, mine);
    near.other = far;
    far.other = near;
    this.connections.push(near, far);
    far.receiver = there.accept(far);
    near.receiver = open(near);
    return near;
  }

  async reaches(): Promise<boolean> {
    return this.reachable;
  }
}

export class FakeConnection implements Connection {
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 1;
  readonly localAddress = '127.0.0.1';
  readonly peerFingerprint: string;
  readonly #net: FakeNet;
  other: FakeConnection | undefined;
  receiver: Receiver | undefined;
  queuedSize = 0;
  writes = 0;
  isOpen = true;

  constructor(net: FakeNet, peerFingerprint: string) {
    this.#net = net;
    this.peerFingerprint = peerFingerprint;
  }

  write(bytes: Uint8Array, released?: () => void): void {
    this.writes += 1;
    this.queuedSize += bytes.length;
    setImmediate(() => {
      this.queuedSize -= bytes.length;
      if (!this.#net.cut && this.isOpen) this.other?.arrive(Buffer.from(bytes));
      released?.();
    });
  }

  pause(): void {}
  resume(): void {}

  end(): void {
    setImmediate(() => this.kill(undefined));
  }

  destroy(): void {
    setImmediate(() => this.kill(Object.assign(new Error('reset'), { code: 'ECONNRESET' })));
  }

  /** As if this side's process died: its kernel tells the other side. */
  kill(seenByPeer: Error | undefined): void {
    this.shut(new Error('closed here'));
    if (!this.#net.cut) this.other?.shut(seenByPeer);
  }

  arrive(bytes: Buffer): void {
    for (let offset = 0; offset < bytes.length && this.isOpen; ) {
      const room = this.receiver?.room() ?? Buffer.alloc(0);
      const size = Math.min(room.length, this.#net.chunkSize, bytes.length - offset);
      bytes.copy(room, 0, offset, offset + size);
      offset += size;
      this.receiver?.received(size);
    }
  }

  shut(error: Error | undefined): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.receiver?.closed(error);
  }
}
