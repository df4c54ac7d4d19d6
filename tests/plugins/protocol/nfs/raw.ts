/** Calls as bytes, for what a well-behaved client never says. */
import { connect, type Socket } from 'node:net';
import { Reader } from '#core/wire/reader.ts';
import { Writer } from '#core/wire/writer.ts';
import { encodeAuthSys } from '#plugins/protocol/nfs/rpc/auth.ts';
import { writeCallHeader } from '#plugins/protocol/nfs/rpc/message.ts';
import type { Procedure } from '#plugins/protocol/nfs/rpc/procedure.ts';

export interface RawHeader {
  readonly xid: number;
  readonly rpcVersion: number;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly flavor: number;
  readonly credential: Buffer;
}

export const NFS_NULL: RawHeader = {
  xid: 1,
  rpcVersion: 2,
  program: 100_003,
  version: 3,
  procedure: 0,
  flavor: 0,
  credential: Buffer.alloc(0),
};

/** A call as root over AUTH_SYS. */
export function callOf<Args>(
  xid: number,
  procedure: Pick<Procedure<Args, unknown, unknown>, 'number' | 'encodeArgs'>,
  args: Args,
): Buffer {
  const credential = encodeAuthSys({ uid: 0, gid: 0, groups: [] }, 'test', 0);
  const header = { ...NFS_NULL, xid, procedure: procedure.number, flavor: 1, credential };
  return call(header, (to) => procedure.encodeArgs(to, args));
}

export function call(header: RawHeader, encodeArgs: (to: Writer) => void = () => {}): Buffer {
  const to = new Writer(1_200_000);
  writeCallHeader(to, header);
  encodeArgs(to);
  return Buffer.from(to.finish());
}

export function recordOf(message: Buffer): Buffer {
  const mark = Buffer.alloc(4);
  mark.writeUInt32BE((0x8000_0000 | message.length) >>> 0);
  return Buffer.concat([mark, message]);
}

/** A socket that collects what the server says. */
export class RawPeer {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #bytes = Buffer.alloc(0);
  #wake: () => void = () => {};
  #over = false;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('error', () => {});
    this.socket.on('data', (bytes) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      this.#wake();
    });
    this.closed = new Promise((done) => {
      this.socket.on('close', () => {
        this.#over = true;
        this.#wake();
        done();
      });
    });
  }

  send(message: Buffer): void {
    this.socket.write(recordOf(message));
  }

  /** The next whole reply message; `undefined` when the connection was closed instead. */
  async reply(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.#bytes.length >= 4) {
        const size = this.#bytes.readUInt32BE(0) & 0x7fff_ffff;
        if (this.#bytes.length >= 4 + size) {
          const message = this.#bytes.subarray(4, 4 + size);
          this.#bytes = this.#bytes.subarray(4 + size);
          return message;
        }
      }
      if (this.#over) return undefined;
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  async ask(message: Buffer): Promise<Buffer | undefined> {
    this.send(message);
    return this.reply();
  }

  end(): void {
    this.socket.destroy();
  }
}

/** The words of a message. */
export function words(message: Buffer | undefined): number[] {
  if (message === undefined) return [];
  const from = new Reader(message);
  return Array.from({ length: message.length / 4 }, () => from.u32());
}
