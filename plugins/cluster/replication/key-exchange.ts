/** Sees to it that every box of the cluster has the cluster's key: asks for it where it lacks, hands it out where it is. */
import * as v from 'valibot';
import { parse } from '#core/config.ts';
import type { BoxId } from '#core/group/entry.ts';
import type { ServerIdentity } from '#core/group/registry.ts';
import type { Requests } from '#core/group/requests.ts';
import type { Log } from '#core/log-line.ts';
import type { Clock, Timer } from '#core/ports/clock.ts';
import type { ClusterKey } from './cluster-key.ts';

/** Milliseconds between tries while no box that has it answers. */
const RETRY_MS = 1000;

const Hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{1,64}$/));
const Question = v.strictObject({ id: Hex });
const Answer = v.nullable(Hex);
const Handing = v.strictObject({ id: Hex, key: Hex });

export interface KeyExchangeDependencies {
  readonly key: ClusterKey;
  readonly requests: Pick<Requests, 'answer' | 'ask'>;
  readonly clock: Clock;
  readonly log: Log;
  /** The other boxes of the cluster. */
  readonly others: readonly BoxId[];
  identity(): ServerIdentity | undefined;
}

export class KeyExchange {
  readonly #deps: KeyExchangeDependencies;
  #timer: Timer | undefined;
  #asking = false;
  #stopped = false;

  constructor(deps: KeyExchangeDependencies) {
    this.#deps = deps;
    const { key, requests, others } = deps;
    requests.answer('cluster-key', (params, from) => {
      const { id } = parse('cluster-key', Question, params);
      return others.includes(from) && key.id === id ? key.text : null;
    });
    requests.answer('keep-cluster-key', (params, from) => {
      const { id, key: text } = parse('keep-cluster-key', Handing, params);
      const wanted = deps.identity()?.keyId ?? id;
      if (!others.includes(from) || wanted !== id) throw new Error('not the key of this cluster');
      if (!key.take(text, id)) throw new Error('not the key that it says it is');
      return null;
    });
  }

  /** The registry changed, or a link came up: asks where the key lacks. */
  want(): void {
    const wanted = this.#deps.identity()?.keyId;
    if (wanted === undefined || this.#deps.key.id === wanted || this.#asking) return;
    this.#asking = true;
    void this.#ask(wanted).then((isThere) => {
      this.#asking = false;
      if (isThere || this.#stopped) return;
      this.#timer = this.#deps.clock.after(RETRY_MS, () => this.want());
    });
  }

  /** Before anything is sealed under it: a box that may have to serve has it too. Rejects with a sentence. */
  async hand(to: readonly BoxId[]): Promise<void> {
    const { key, requests } = this.#deps;
    const { id, text } = key;
    if (id === undefined || text === undefined) {
      throw new Error('this box has no cluster key yet; start a box that has, or try again');
    }
    await Promise.all(to.map((box) => requests.ask(box, 'keep-cluster-key', { id, key: text })));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #ask(id: string): Promise<boolean> {
    const { key, requests, others, log } = this.#deps;
    for (const box of others) {
      try {
        const text = parse('cluster-key', Answer, await requests.ask(box, 'cluster-key', { id }));
        if (text === null || !key.take(text, id)) continue;
        log.info(`got the cluster's key from box ${box}`);
        return true;
      } catch (cause) {
        log.debug(`no cluster key from box ${box}`, { reason: (cause as Error).message });
      }
    }
    return false;
  }
}
