/**
 * Asks whether somebody has an address. A pure machine.
 *
 * Liberty taken: RFC 5227 §1.1 probes over some seconds. The owner who configures an address would wait them out, and a
 * takeover cannot; so the probes come quicker, and an address is watched for as long as it is known.
 */
import type { InstantMs } from '#core/ports/clock.ts';
import type { Mac } from './frames.ts';
import { ANY_V4, ANY_V6, type Sign } from './signs.ts';

/** Two may get lost. */
const TAKEOVER_PROBES = 3;

export interface ProbePlan {
  readonly count: number;
  /** Milliseconds between two, and after the last one. */
  readonly everyMs: number;
}

/** When an address is configured: a sleepy machine gets its time. */
export const AT_CONFIGURATION: ProbePlan = { count: 3, everyMs: 300 };
/** When this box wants to go on alone: whoever serves is awake and near. */
export function atTakeover(waitMs: number): ProbePlan {
  return { count: TAKEOVER_PROBES, everyMs: waitMs / TAKEOVER_PROBES };
}

export type Outcome = { readonly kind: 'free' } | { readonly kind: 'taken'; readonly mac: Mac };

export class Probe {
  readonly #plan: ProbePlan;
  readonly #startedAt: InstantMs;
  /** Claims that count. Of our own group, a frozen box's kernel still answers, and does not. */
  readonly #counts: (sign: Sign) => boolean;
  #sent = 0;
  outcome: Outcome | undefined;

  constructor(now: InstantMs, plan: ProbePlan, counts: (sign: Sign) => boolean = () => true) {
    this.#startedAt = now;
    this.#plan = plan;
    this.#counts = counts;
  }

  /** Whether a probe is to be sent now. */
  tick(now: InstantMs): boolean {
    if (this.outcome !== undefined) return false;
    const { count, everyMs } = this.#plan;
    if (now >= this.#startedAt + count * everyMs) {
      this.outcome = { kind: 'free' };
      return false;
    }
    if (this.#sent === count || now < this.#startedAt + this.#sent * everyMs) return false;
    this.#sent += 1;
    return true;
  }

  /** Who probes for the same address wants it too. RFC 5227 §2.1.1. */
  heard(sign: Sign): void {
    const isProbe = sign.kind === 'question' && (sign.asker === ANY_V4 || sign.asker === ANY_V6);
    if (sign.kind === 'question' && !isProbe) return;
    if (this.#counts(sign)) this.outcome ??= { kind: 'taken', mac: sign.mac };
  }
}
