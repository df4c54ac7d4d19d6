/** What this plugin counts, for metrics and status. */
import type { Counter, Stats } from '#core/stats.ts';

const CLIENT_HELP = 'Calls of one client, by its address and protocol.';
const CALLS_HELP =
  'Calls run, by program and procedure; retransmissions answered from the cache are not among them.';

/** Clients that are counted one by one; those that come later are counted together. A series is never given back. */
const CLIENTS_MAX = 256;
const OTHERS = 'others';

export class Counters {
  readonly #stats: Stats;
  readonly #calls = new Map<string, Counter>();
  readonly #clients = new Map<string, Counter>();
  /** Retransmitted calls that got their first reply again. */
  readonly replayed: Counter;
  /** Calls refused by ONC RPC itself: unknown programs, bad credentials, arguments that cannot be decoded. */
  readonly refused: Counter;
  readonly received: Counter;
  readonly read: Counter;
  readonly written: Counter;

  constructor(stats: Stats) {
    this.#stats = stats;
    this.replayed = stats.counter(
      'nfs_replayed_calls_total',
      'Retransmitted calls that were answered with their first reply.',
    );
    this.refused = stats.counter('nfs_refused_calls_total', 'Calls that ONC RPC refused.');
    this.received = stats.counter('nfs_received_bytes_total', 'Bytes received from clients.');
    this.read = stats.counter('nfs_read_bytes_total', 'Bytes of files read by clients.');
    this.written = stats.counter('nfs_written_bytes_total', 'Bytes of files written by clients.');
  }

  /** The counter of one procedure; the same one each time it is asked for. */
  calls(program: string, version: number, procedure: string): Counter {
    const labels = { program, version: String(version), procedure };
    const key = `${program} ${version} ${procedure}`;
    let counter = this.#calls.get(key);
    if (counter === undefined) {
      counter = this.#stats.counter('nfs_calls_total', CALLS_HELP, labels);
      this.#calls.set(key, counter);
    }
    return counter;
  }

  /** Counts the calls of one client, over all its connections, for `understudy status`. */
  client(address: string): Counter {
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    if (this.#clients.size >= CLIENTS_MAX && address !== OTHERS) return this.client(OTHERS);
    const labels = { address, protocol: 'nfs3' };
    const counter = this.#stats.counter('client_calls_total', CLIENT_HELP, labels);
    this.#clients.set(address, counter);
    return counter;
  }
}
