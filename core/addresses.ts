/** Service addresses on this box: the ones that clients mount and that move with the service. */
import type { Result } from './result.ts';
import { service } from './services.ts';

export interface Addresses {
  /**
   * Makes this box the one that answers for `address` (IPv4 or IPv6, literal) on `networkInterface`, empty on loopback. Listeners
   * may bind to it afterwards. Claiming twice changes nothing. Refuses with a sentence for the owner.
   */
  claim(address: string, networkInterface: string): Result<undefined, string>;
  /** Gives it up before another box claims it. Of one that is not claimed here, does nothing. */
  release(address: string): void;
  /** What this box answers for now. */
  readonly claimed: readonly string[];
}

export const ADDRESSES = service<Addresses>('cluster/addresses');
