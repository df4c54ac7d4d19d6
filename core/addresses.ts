/**
 * Service addresses on this box: the ones that clients mount and that move with the service.
 *
 * The order is the point. Taking over: every door is open, then the address is there, then the network is told, then
 * clients are woken. Losing the service: the address goes first, and only then do sockets close, so that nobody hears a
 * word of a box that serves no longer.
 */
import type { BoxId } from './group/entry.ts';
import { service } from './services.ts';

export interface ServiceAddress {
  /** IPv4 or IPv6, literal. */
  readonly address: string;
  /** Empty: on loopback, or on the interface whose own network holds it. */
  readonly interface: string;
}

/** In whose name this box has the addresses. */
export interface Claim {
  readonly view: number;
  /** The place of this box among the members: the lower one has its way where both went on alone in one view. */
  readonly rank: number;
  /** False as soon as another box may be about to take the addresses: they are off then, until it is true again. */
  isSure(): boolean;
}

/** A client's TCP connection to a service address. */
export interface ClientEnds {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

export interface Addresses {
  /** Why this box could not serve there, as a sentence; asks the network whether somebody has the address. Changes nothing. */
  check(place: ServiceAddress): Promise<string | undefined>;
  /** All addresses of the group. Each box watches what is said about them. */
  know(places: readonly ServiceAddress[]): void;
  /** This box has all of them from now on, each as soon as its doors are open; with `undefined` it has none when this returns. */
  hold(claim: Claim | undefined): void;
  /** What this box answers for now. */
  readonly held: readonly string[];
  /**
   * Boxes that should serve instead of this one: it has lost the network of its clients, and they have it. None where all
   * is well, and none where moving would help nobody.
   */
  heirs(): readonly BoxId[];
  /** What an owner should know about one of them; empty where all is well. */
  condition(address: string): string;
  /** `isOpen` says whether clients that come to the address find its ports open; until then it is not up. */
  door(isOpen: (address: string) => boolean): void;
  /** Whether frontends listen on it also while this box does not serve. On loopback another box may do so. */
  listensAhead(address: string): boolean;
  /** A client is there, so that the next box can wake it; the result is called when it is gone. */
  connected(ends: ClientEnds): () => void;
  /**
   * Whether another machine that lives answers for an address of the group, asked for `waitMs` at most. What this box
   * has itself nobody else has.
   */
  isDefended(waitMs: number): Promise<boolean>;
}

export const ADDRESSES = service<Addresses>('cluster/addresses');
