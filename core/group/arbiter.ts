/**
 * The arbiter: a linearizable register that holds the group's configuration, changed by compare-and-set on its
 * view. The steady state needs it not; every change of view does.
 */
import { service } from '../services.ts';
import type { Configuration } from './view.ts';

export type ArbiterAnswer =
  /** The register now holds what was proposed. */
  | { readonly kind: 'accepted'; readonly configuration: Configuration }
  /** Somebody was first, or the proposer may not propose: what the register holds, and why, as a sentence. */
  | {
      readonly kind: 'refused';
      readonly configuration: Configuration;
      readonly reason?: string | undefined;
    }
  /**
   * The register could not be asked, or must not be used now; `reason` is a sentence for the owner. A proposal may have
   * been accepted all the same: its answer can be what was lost. Proposing the very same again is answered `accepted` then.
   */
  | { readonly kind: 'unreachable'; readonly reason: string };

export type RegisterAnswer = ArbiterAnswer | { readonly kind: 'empty' };

export interface Arbiter {
  /** `witness`, `gateway`, `alone`. */
  readonly mode: string;
  /** One sentence on where it stands now, for `understudy status`. */
  readonly condition: string;
  /** What the register holds; `undefined` configuration before the first proposal. */
  read(): Promise<RegisterAnswer>;
  /**
   * Sets the register to `next` if it still holds `next.view - 1` (or nothing, for view 1), and this box is in sync in what
   * it holds: a box that was left out has missed what was acknowledged since.
   */
  propose(next: Configuration): Promise<ArbiterAnswer>;
}

export const ARBITER = service<Arbiter>('cluster/arbiter');
