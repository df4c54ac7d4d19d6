/**
 * The arbiter of two boxes that have nobody third. Each keeps a register and they follow one another:
 *
 *   partner answers     the register of the box whose name sorts first decides, so that there is one order
 *   partner is silent   this box's own decides, if a reference address answers, nobody defends the service address, and
 *                       this box knows what its partner did last
 *
 * The last condition is what a third machine would know. A box loses it when it starts, when it finds itself cut off and
 * when it stood still: its partner may have gone on alone meanwhile. It has it again when it hears its partner. A box
 * that was the only one in sync needs it not.
 *
 * What a box decides alone it counts in views of its own, even ones or odd ones. So when both went on alone, an entry of
 * the one is never taken for one of the other, and the higher view has its way: in the register, in ARP, everywhere.
 */
import type { Arbiter, ArbiterAnswer, RegisterAnswer } from '#core/group/arbiter.ts';
import type { BoxId, View } from '#core/group/entry.ts';
import { CHANNEL, type Link } from '#core/group/link.ts';
import { isSame, Register } from '#core/group/register.ts';
import { RegisterClient } from '#core/group/register-client.ts';
import {
  decodeRegisterMessage,
  encodeRegisterMessage,
  type RegisterMessage,
} from '#core/group/register-message.ts';
import type { Configuration } from '#core/group/view.ts';
import { SILENCE_MS } from '#core/limits.ts';
import type { Log } from '#core/log-line.ts';
import type { Clock, InstantMs, Timer } from '#core/ports/clock.ts';
import type { Disk } from '#core/ports/disk.ts';
import type { Net } from '#core/ports/net.ts';
import { anyAnswers, type Reference } from './references.ts';

/** Milliseconds that a living partner may take: one synced file. Longer, and it counts as silent. */
const ANSWER_MS_MAX = 200;
/**
 * Milliseconds for a partner to say that it has the service address: where its process ended it says so at once or
 * never; where both lose sight of one another, as long as the two may be apart in noticing, several times over.
 */
const DEFENCE_MS_MIN = 30;
const DEFENCE_MS_MAX = 300;
/** Milliseconds between looks at the clock that show that this box runs. */
const BEAT_MS = 100;
/** Milliseconds between two beats from which on this box stood still: half of what makes its partner act. */
const PAUSE_MS_MAX = SILENCE_MS / 2;
/** Milliseconds between questions to a partner that this box has lost track of: until then it stands in for nobody. */
const RELEARN_MS = 500;

export interface GatewayOptions {
  readonly partner: BoxId;
  readonly group: string;
  readonly references: readonly Reference[];
  /** See `RegisterOptions.adopts`. */
  readonly adopts: boolean;
  /** The owner's word that the partner did not go on alone. */
  readonly overrides: boolean;
}

export interface GatewayDependencies {
  readonly link: Link;
  readonly disk: Disk;
  readonly net: Net;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether another machine answers for the service address; see `Addresses.isDefended`. */
  isDefended(waitMs: number): Promise<boolean>;
}

export class Gateway implements Arbiter {
  readonly mode = 'gateway';
  readonly #options: GatewayOptions;
  readonly #deps: GatewayDependencies;
  readonly #register: Register;
  readonly #client: RegisterClient;
  /** Whether this box knows what its partner did last. */
  #knowsPartner = false;
  /** How often it was heard of: what began before that may not make this box forget. */
  #heard = 0;
  #relearnAt = Number.NEGATIVE_INFINITY;
  /** What an owner should know beside the general case; empty when all is well. */
  #trouble = '';
  readonly #beat: Timer;
  #beatAt: InstantMs;

  /** Throws, with a sentence, when the register is damaged. */
  constructor(options: GatewayOptions, deps: GatewayDependencies) {
    const { partner, group, adopts } = options;
    this.#options = options;
    this.#deps = deps;
    this.#register = new Register(deps.disk, { group, path: `register/${group}.json`, adopts });
    this.#client = new RegisterClient(deps.link, deps.clock, {
      peer: partner,
      group,
      answerMsMax: ANSWER_MS_MAX,
    });
    if (options.overrides) deps.log.warn(`override: ${partner} is taken not to have gone on alone`);
    deps.link.handle(CHANNEL.witness, {
      frame: (peer, frame) => this.#onFrame(peer, frame),
      up: (peer) => this.#tell(peer),
      down: (peer) => {
        if (peer === partner) this.#client.onDown();
      },
    });
    this.#beatAt = deps.clock.now();
    this.#beat = deps.clock.every(BEAT_MS, () => this.#onBeat());
  }

  get condition(): string {
    const { partner, references } = this.#options;
    const known = references.map(({ address }) => address).join(' or ');
    return (
      `${this.#trouble === '' ? '' : `${this.#trouble} `}Two boxes and no witness: if this box and ${partner} ` +
      `lose sight of one another while both still reach ${known}, both go on alone, and what one of them acknowledged is kept apart when they meet again.`
    );
  }

  stop(): void {
    this.#beat.cancel();
  }

  async read(): Promise<RegisterAnswer> {
    if (!this.#decidesForBoth) {
      const answer = await this.#client.read();
      if (answer !== undefined) this.#learn(answer);
    }
    return this.#register.read();
  }

  async propose(next: Configuration): Promise<ArbiterAnswer> {
    const answer = await (this.#decidesForBoth ? this.#client.read() : this.#client.propose(next));
    if (answer === undefined) return this.#proposeWithoutPartner(next);
    this.#learn(answer);
    if (this.#decidesForBoth) return this.#decide(next);
    if (answer.kind !== 'empty') return answer;
    return { kind: 'unreachable', reason: `${this.#options.partner} answered nonsense.` };
  }

  get #self(): BoxId {
    return this.#deps.link.self;
  }

  get #decidesForBoth(): boolean {
    return this.#self < this.#options.partner;
  }

  async #proposeWithoutPartner(next: Configuration): Promise<ArbiterAnswer> {
    const { references, partner } = this.#options;
    const heard = this.#heard;
    if (!(await anyAnswers(this.#deps.net, references))) {
      if (heard === this.#heard) this.#knowsPartner = false;
      const names = references.map(({ address, port }) => `${address} port ${port}`).join(', ');
      return this.#cannot(
        `Neither ${partner} nor a reference address (${names}) answers: this box is cut off, and its partner may go on without it.`,
      );
    }
    // A partner whose link is silent and open may be about to go on alone as well; it asks nobody and is quicker.
    const isOpen = this.#deps.link.isUp(partner);
    if (await this.#deps.isDefended(isOpen ? DEFENCE_MS_MAX : DEFENCE_MS_MIN)) {
      return this.#cannot(`${partner} is silent and yet somebody answers for the service address.`);
    }
    if (!this.#mayGoAlone(next)) {
      return this.#cannot(
        `${partner} is silent, and this box cannot know whether it went on alone meanwhile: start ${partner}, or, if it is lost for good, start this box once with override = true.`,
      );
    }
    return this.#decide(next, this.#ownView(next.view));
  }

  /** A first configuration ever needs no knowledge of what came before it. */
  #mayGoAlone(next: Configuration): boolean {
    const held = this.#register.held;
    this.#onBeat();
    if (this.#knowsPartner || this.#options.overrides) return true;
    if (held === undefined) return next.view === 1;
    return held.inSync.every((box) => box === this.#self);
  }

  /** Frozen, suspended or starved: while the link stays open, a partner does not act before SILENCE_MS. */
  #onBeat(): void {
    const now = this.#deps.clock.now();
    const pausedMs = now - this.#beatAt;
    this.#beatAt = now;
    if (pausedMs > PAUSE_MS_MAX) {
      this.#deps.log.warn(`this box stood still for ${Math.round(pausedMs)} ms`);
      this.#knowsPartner = false;
    }
    if (this.#knowsPartner || now < this.#relearnAt) return;
    this.#relearnAt = now + RELEARN_MS;
    void this.#client.read().then((answer) => answer && this.#learn(answer));
  }

  #cannot(reason: string): ArbiterAnswer {
    this.#trouble = reason;
    return { kind: 'unreachable', reason };
  }

  /** The next view that only this box makes alone. The first of all is made by one box and no other. */
  #ownView(view: View): View {
    const isEven = view % 2 === 0;
    return (isEven === this.#decidesForBoth || view === 1 ? view : view + 1) as View;
  }

  #decide(next: Configuration, as?: View): ArbiterAnswer {
    const answer = this.#register.propose(next, this.#self, as);
    if (answer.kind === 'unreachable') return this.#cannot(answer.reason);
    this.#trouble = '';
    if (answer.kind === 'accepted') this.#tell(this.#options.partner);
    return answer;
  }

  #onFrame(peer: BoxId, frame: Buffer): void {
    const message = decodeRegisterMessage(frame);
    if (peer !== this.#options.partner || !message.ok) return;
    this.#onMessage(message.value);
  }

  #onMessage(message: RegisterMessage): void {
    if (message.kind === 'answer') {
      this.#client.onAnswer(message.id, message.answer);
      return;
    }
    const { partner, group } = this.#options;
    if (message.group !== group) return;
    if (message.kind === 'told') {
      this.#follow(message.configuration);
      return;
    }
    const answer =
      message.kind === 'read'
        ? this.#register.read()
        : this.#register.propose(message.configuration, partner);
    this.#send({ kind: 'answer', id: message.id, answer });
  }

  #learn(answer: RegisterAnswer): void {
    if (answer.kind === 'accepted' || answer.kind === 'refused') this.#follow(answer.configuration);
    else if (answer.kind === 'empty') this.#follow(undefined);
  }

  /** Takes over what the partner's register holds, where that is further on. */
  #follow(configuration: Configuration | undefined): void {
    this.#knowsPartner = true;
    this.#heard += 1;
    this.#trouble = '';
    if (configuration === undefined) return;
    const held = this.#register.held;
    if (held !== undefined && held.view > configuration.view) return;
    if (held !== undefined && isSame(held, configuration)) return;
    if (held !== undefined) this.#report(held, configuration);
    if (!this.#register.follow(configuration)) this.#knowsPartner = false;
  }

  /** This box was the only one in sync, and its partner made a later view all the same: the exposed case. */
  #report(held: Configuration, told: Configuration): void {
    const { partner } = this.#options;
    if (held.primary !== this.#self || held.inSync.includes(partner) || told.primary !== partner) {
      return;
    }
    this.#deps.log.error(
      `both boxes went on alone, ${held.primary} in view ${held.view} and ${told.primary} in view ${told.view}: what ${held.primary} acknowledged since is kept apart`,
    );
  }

  #tell(peer: BoxId): void {
    if (peer !== this.#options.partner) return;
    this.#send({
      kind: 'told',
      group: this.#options.group,
      configuration: this.#register.held,
    });
  }

  #send(message: RegisterMessage): void {
    const { link } = this.#deps;
    link.send(this.#options.partner, CHANNEL.witness, [encodeRegisterMessage(message)]);
  }
}
