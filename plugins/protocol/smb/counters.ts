/** What this plugin counts, for metrics and status. */
import type { Counter, Stats } from '#core/stats.ts';

export class SmbCounters {
  readonly #stats: Stats;
  readonly #requests = new Map<string, Counter>();
  readonly received: Counter;
  /** Requests answered with an error. */
  readonly refused: Counter;

  constructor(stats: Stats) {
    this.#stats = stats;
    this.received = stats.counter('smb_received_bytes_total', 'Bytes received from clients.');
    this.refused = stats.counter('smb_refused_requests_total', 'Requests answered with an error.');
  }

  /** The counter of one command; the same one each time it is asked for. */
  requests(command: string): Counter {
    let counter = this.#requests.get(command);
    if (counter === undefined) {
      counter = this.#stats.counter('smb_requests_total', 'Requests, by command.', { command });
      this.#requests.set(command, counter);
    }
    return counter;
  }
}
