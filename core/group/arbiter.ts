/**
 * The arbiter: a linearizable register that holds the group's configuration, changed by compare-and-set on its
 * view. The steady state needs it not; every change of view does.
 */
import { service } from '../services.ts';
import type { Configuration } from './view.ts';

export type ArbiterAnswer =
  /** The register now holds what was proposed. */
  | { readonly kind: 'accepted'; readonly configuration: Configuration }
  /** Somebody was first: what the register holds. */
  | { readonly kind: 'refused'; readonly configuration: Configuration }
  /** The register could not be asked, or must not be used now; `reason` is a sentence for the owner. */
  | { readonly kind: 'unreachable'; readonly reason: string };

export interface Arbiter {
  /** `witness`, `gateway`, `alone`. */
  readonly mode: string;
  /** One sentence on where it stands now, for `understudy status`. */
  readonly condition: string;
  /** What the register holds; `undefined` configuration before the first proposal. */
  read(): Promise<ArbiterAnswer | { readonly kind: 'empty' }>;
  /** Sets the register to `next` if it still holds `next.view - 1` (or nothing, for view 1). */
  propose(next: Configuration): Promise<ArbiterAnswer>;
}

export const ARBITER = service<Arbiter>('cluster/arbiter');
