/**
 * Who is connected to whom: each box tells the others of its clients, so that whoever takes over knows whom to wake.
 *
 * Not in the log: a connection that comes or goes would cost an entry, and what is lost with a message costs nobody more
 * than a client's own timer, as it would be without the table. A box tells all when a link comes up and every change
 * from then on, in order; what it told last stands until it tells all anew. A box that gives the addresses up closes its
 * connections and does not say so: they are the very ones that its successor is to wake.
 */
import ipaddr from 'ipaddr.js';
import type { ClientEnds } from '#core/addresses.ts';
import type { BoxId } from '#core/group/entry.ts';
import { CHANNEL, type Link } from '#core/group/link.ts';
import { DecodeError, Reader } from '#core/wire/reader.ts';
import { Writer } from '#core/wire/writer.ts';

/** Connections of one box: each frontend bounds its own, below this. */
const ROWS_MAX = 4096;
const VERSION = 1;
/** A row is two addresses as text, with lengths and padding, and two ports. */
const ADDRESS_SIZE_MAX = 45;
const ROW_SIZE_MAX = 2 * (4 + 48) + 8;
const HEAD_SIZE = 8;

const WHAT = { all: 1, opened: 2, closed: 3 } as const;
type What = keyof typeof WHAT;

export class ConnectionTable {
  readonly #link: Link;
  readonly #own = new Map<string, ClientEnds>();
  #isSilent = true;
  readonly #told = new Map<BoxId, Map<string, ClientEnds>>();

  constructor(link: Link) {
    this.#link = link;
  }

  opened(ends: ClientEnds): () => void {
    const key = keyOf(ends);
    if (this.#own.size >= ROWS_MAX || this.#own.has(key)) return () => {};
    this.#own.set(key, ends);
    this.#tellAll('opened', ends);
    return () => {
      if (this.#own.delete(key)) this.#tellAll('closed', ends);
    };
  }

  /** This box has the addresses from now on. */
  speak(): void {
    if (!this.#isSilent) return;
    this.#isSilent = false;
    for (const peer of this.#link.peers) this.up(peer);
  }

  /** It has them no longer. */
  fallSilent(): void {
    this.#isSilent = true;
  }

  /** A link to the peer is there. */
  up(peer: BoxId): void {
    if (!this.#isSilent) this.#send(peer, encodeConnections('all', [...this.#own.values()]));
  }

  /** Throws `DecodeError`. */
  received(peer: BoxId, frame: Buffer): void {
    const { what, rows } = decodeConnections(frame);
    const told = this.#told.get(peer) ?? new Map<string, ClientEnds>();
    this.#told.set(peer, told);
    if (what === 'all') told.clear();
    for (const ends of rows) {
      if (what === 'closed') told.delete(keyOf(ends));
      else if (told.size < ROWS_MAX) told.set(keyOf(ends), ends);
    }
  }

  /** Addresses of clients of all boxes, as many as are asked for. */
  remotes(max: number): readonly string[] {
    const found = new Set<string>();
    for (const rows of [this.#own, ...this.#told.values()]) {
      for (const { remoteAddress } of rows.values()) {
        if (found.size >= max) return [...found];
        found.add(remoteAddress);
      }
    }
    return [...found];
  }

  /** Clients of other boxes at an address; they are told only once. */
  take(address: string): readonly ClientEnds[] {
    return [...this.#told.values()].flatMap((told) => {
      const rows = [...told].filter(([, ends]) => ends.localAddress === address);
      for (const [key] of rows) told.delete(key);
      return rows.map(([, ends]) => ends);
    });
  }

  #tellAll(what: What, ends: ClientEnds): void {
    if (this.#isSilent) return;
    const frame = encodeConnections(what, [ends]);
    for (const peer of this.#link.peers) this.#send(peer, frame);
  }

  #send(peer: BoxId, frame: Buffer): void {
    if (this.#link.isUp(peer)) this.#link.send(peer, CHANNEL.clients, [frame]);
  }
}

export function encodeConnections(what: What, rows: readonly ClientEnds[]): Buffer {
  const to = new Writer(HEAD_SIZE + rows.length * ROW_SIZE_MAX);
  to.u16(VERSION);
  to.u16(WHAT[what]);
  to.u32(rows.length);
  for (const { localAddress, localPort, remoteAddress, remotePort } of rows) {
    to.byteString(localAddress);
    to.u32(localPort);
    to.byteString(remoteAddress);
    to.u32(remotePort);
  }
  return to.finish();
}

export function decodeConnections(frame: Buffer): { what: What; rows: readonly ClientEnds[] } {
  const from = new Reader(frame);
  const version = from.u16();
  if (version !== VERSION) throw new DecodeError(`connections: version ${version}`);
  const code = from.u16();
  const what = (Object.keys(WHAT) as What[]).find((name) => WHAT[name] === code);
  if (what === undefined) throw new DecodeError(`connections: kind ${code}`);
  const count = from.u32();
  if (count > ROWS_MAX) throw new DecodeError(`connections: ${count} rows, at most ${ROWS_MAX}`);
  const rows = Array.from({ length: count }, () => ({
    localAddress: readAddress(from),
    localPort: readPort(from),
    remoteAddress: readAddress(from),
    remotePort: readPort(from),
  }));
  from.end();
  return { what, rows };
}

function readAddress(from: Reader): string {
  const address = from.byteString(ADDRESS_SIZE_MAX, 'address');
  if (!ipaddr.isValid(address)) throw new DecodeError(`connections: "${address}" is no address`);
  return address;
}

function readPort(from: Reader): number {
  const port = from.u32();
  if (port > 0xffff) throw new DecodeError(`connections: ${port} is no port`);
  return port;
}

function keyOf(ends: ClientEnds): string {
  return `${ends.localAddress} ${ends.localPort} ${ends.remoteAddress} ${ends.remotePort}`;
}
