/**
 * The local network below TCP: what is needed to take an IP address, to say so, and to make clients look.
 * Every function throws `LanError` where the system refuses.
 */
export interface LanInterface {
  readonly name: string;
  readonly index: number;
  /** `02:00:00:00:00:0a`, lower case. */
  readonly mac: string;
  /** Its own networks in CIDR form, each with this machine's address in it: `192.168.1.11/24`. */
  readonly networks: readonly string[];
}

/** A tap on one interface that hears and says ARP and neighbour discovery, and nothing else. */
export interface Frames {
  /** A whole Ethernet frame without its checksum. */
  send(frame: Uint8Array): void;
  /** Hears also what is sent to this IPv6 group. */
  join(group: string): void;
  leave(group: string): void;
  close(): void;
}

export interface Lan {
  /** Those that are up and have an address of their own; loopback is not among them. */
  interfaces(): readonly LanInterface[];
  /** Whether its cable, or what stands for one, leads to anything that is switched on. */
  hasCarrier(networkInterface: LanInterface): boolean;
  /** `frame` is valid until the function returns. What this machine sends itself is not heard. */
  tap(networkInterface: LanInterface, heard: (frame: Buffer) => void): Frames;
  /** Gets ready to add addresses; throws where this process may not. */
  prepare(): void;
  /**
   * Gives this machine the address, for as long as this process lives: with the process it is gone before any socket
   * closes, so that no client hears of a death from the machine that died. Adding twice changes nothing.
   */
  add(address: string): void;
  /** Removing what is not there changes nothing. From now on nothing leaves this machine in the name of the address. */
  remove(address: string): void;
  /**
   * Ends every TCP connection of this machine at the address, also what the kernel has kept of a process that died. Only
   * after `remove`: so nobody hears of it. Where the kernel cannot, they remain.
   */
  drop(address: string): void;
  /** The address is no business of this machine any more: undoes what `remove` has made. */
  forget(address: string): void;
  /** Sends an IP packet, complete with its header, by the machine's routes. */
  sendPacket(packet: Buffer, destination: string): void;
}

export class LanError extends Error {
  override readonly name = 'LanError';
  /** Of errno: `EPERM`. */
  readonly code: string;
  constructor(what: string, code: string) {
    super(`${what}: ${code}`);
    this.code = code;
  }
}
