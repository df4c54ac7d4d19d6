/** One address of the LAN on this box: performs on the network what its machine decides. */

import type { ServiceAddress } from '#core/addresses.ts';
import type { Log } from '#core/log-line.ts';
import type { InstantMs } from '#core/ports/clock.ts';
import type { Frames, Lan, LanInterface } from '#core/ports/lan.ts';
import { encodeFrame, type Frame } from './frames.ts';
import { lanRefusal } from './lan-refusals.ts';
import { AddressMachine, type Effect } from './machine.ts';
import { announcement, answer, isV6, solicitedNode } from './signs.ts';

/** Milliseconds between tries where the system refused. */
const RETRY_MS = 1_000;

export class Site {
  readonly place: ServiceAddress;
  readonly machine = new AddressMachine();
  readonly #interface: LanInterface;
  readonly #frames: Frames;
  readonly #lan: Lan;
  readonly #log: Log;
  #retryAt = Number.NEGATIVE_INFINITY;
  #refusal = '';
  #conflict = '';

  constructor(
    place: ServiceAddress,
    networkInterface: LanInterface,
    frames: Frames,
    { lan, log }: { readonly lan: Lan; readonly log: Log },
  ) {
    this.place = place;
    this.#interface = networkInterface;
    this.#frames = frames;
    this.#lan = lan;
    this.#log = log;
  }

  /** Nothing of a former process answers or speaks here. Throws `LanError`. */
  begin(): void {
    this.#lan.remove(this.place.address);
    this.#lan.drop(this.place.address);
  }

  /** The address is not the group's any more. */
  end(now: InstantMs): void {
    this.machine.release();
    this.perform(now);
    try {
      this.#lan.forget(this.place.address);
    } catch (error) {
      this.#refuse(now, lanRefusal(error));
    }
  }

  get held(): boolean {
    return this.machine.state === 'held';
  }

  get condition(): string {
    return this.#refusal || this.#conflict;
  }

  mayTry(now: InstantMs): boolean {
    return now >= this.#retryAt;
  }

  send(frame: Frame): void {
    try {
      this.#frames.send(encodeFrame(frame));
    } catch (error) {
      this.#log.debug('arp: a frame was not sent', { reason: lanRefusal(error) });
    }
  }

  get mac(): string {
    return this.#interface.mac;
  }

  get interface(): LanInterface {
    return this.#interface;
  }

  get index(): number {
    return this.#interface.index;
  }

  /** Returns whether the address has just come to this box. */
  perform(now: InstantMs): boolean {
    let isNew = false;
    for (const effect of this.machine.ready()) {
      try {
        this.#perform(effect);
        if (effect.kind === 'add') isNew = true;
      } catch (error) {
        this.#refuse(now, lanRefusal(error));
        return false;
      }
    }
    return isNew;
  }

  #perform(effect: Effect): void {
    const { address } = this.place;
    switch (effect.kind) {
      case 'add':
        this.#lan.add(address);
        if (isV6(address)) this.#frames.join(solicitedNode(address));
        this.#refusal = '';
        this.#conflict = '';
        this.#log.info(`${address} is on this box, interface ${this.#interface.name}`);
        break;
      case 'remove':
        this.#lan.remove(address);
        if (isV6(address)) this.#frames.leave(solicitedNode(address));
        this.#log.info(`${address} is off this box`);
        break;
      case 'drop':
        this.#lan.drop(address);
        break;
      case 'announce':
        for (const frame of announcement(address, this.mac, this.machine.stamp)) this.send(frame);
        break;
      case 'answer':
        this.send(answer(address, this.mac, this.machine.stamp, effect.sign));
        break;
      case 'conflict':
        this.#tell(effect);
        break;
      default:
        effect satisfies never;
    }
  }

  #tell({ mac, outcome }: Extract<Effect, { kind: 'conflict' }>): void {
    const { address } = this.place;
    this.#conflict =
      outcome === 'defended'
        ? `another machine, with MAC ${mac}, says that it has ${address}; this box defends it`
        : `the box with MAC ${mac} has ${address} in a later view; this box has given it up`;
    this.#log.warn(this.#conflict);
  }

  #refuse(now: InstantMs, sentence: string): void {
    this.#retryAt = now + RETRY_MS;
    this.machine.release();
    this.machine.ready();
    if (this.#refusal === sentence) return;
    this.#refusal = sentence;
    this.#log.error(`${this.place.address} cannot be served here: ${sentence}`);
  }
}
