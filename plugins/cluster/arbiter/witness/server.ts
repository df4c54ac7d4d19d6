/** The witness itself: answers the boxes of one cluster from durable registers, one a group. It knows no more of them. */
import type { ArbiterAnswer, RegisterAnswer } from '#core/group/arbiter.ts';
import type { BoxId } from '#core/group/entry.ts';
import { CHANNEL, type Link } from '#core/group/link.ts';
import { Register } from '#core/group/register.ts';
import {
  decodeRegisterMessage,
  encodeRegisterMessage,
  type RegisterRequest,
} from '#core/group/register-message.ts';
import type { Log } from '#core/log-line.ts';
import type { Disk } from '#core/ports/disk.ts';

const FOLDER = 'witness';
const SUFFIX = '.json';
/** Groups of one cluster: a cluster has one, a large one some. */
const GROUPS_MAX = 64;

export interface WitnessServerOptions {
  /** See `RegisterOptions.adopts`. */
  readonly adopts: boolean;
}

export class WitnessServer {
  readonly #link: Link;
  readonly #disk: Disk;
  readonly #log: Log;
  readonly #options: WitnessServerOptions;
  readonly #registers = new Map<string, Register>();

  /** Throws, with a sentence, when a register on disk is damaged. */
  constructor(link: Link, disk: Disk, log: Log, options: WitnessServerOptions) {
    this.#link = link;
    this.#disk = disk;
    this.#log = log;
    this.#options = options;
    for (const name of disk.list(FOLDER)) {
      if (name.endsWith(SUFFIX)) this.#open(name.slice(0, -SUFFIX.length));
    }
    link.handle(CHANNEL.witness, { frame: (peer, frame) => this.#onFrame(peer, frame) });
  }

  #onFrame(peer: BoxId, frame: Buffer): void {
    const message = decodeRegisterMessage(frame);
    if (!message.ok) {
      this.#log.debug('witness: a message was dropped', { peer, reason: message.error });
      return;
    }
    const request = message.value;
    if (request.kind !== 'read' && request.kind !== 'propose') return;
    const answer = this.#answer(peer, request);
    const bytes = encodeRegisterMessage({ kind: 'answer', id: request.id, answer });
    this.#link.send(peer, CHANNEL.witness, [bytes]);
  }

  #answer(peer: BoxId, request: RegisterRequest): RegisterAnswer {
    const known = this.#registers.get(request.group);
    if (known === undefined && this.#registers.size >= GROUPS_MAX) {
      return { kind: 'unreachable', reason: `The witness holds ${GROUPS_MAX} groups, its most.` };
    }
    const register = known ?? this.#open(request.group);
    if (request.kind === 'read') return register.read();
    const answer = register.propose(request.configuration, peer);
    this.#tell(peer, request, answer);
    return answer;
  }

  #open(group: string): Register {
    const path = `${FOLDER}/${group}${SUFFIX}`;
    const register = new Register(this.#disk, { group, path, adopts: this.#options.adopts });
    this.#registers.set(group, register);
    return register;
  }

  #tell(peer: BoxId, request: RegisterRequest, answer: ArbiterAnswer): void {
    const fields = { group: request.group, proposer: peer };
    if (answer.kind === 'accepted') {
      const { view, primary, inSync } = answer.configuration;
      this.#log.info(`view ${view}: ${primary} is primary, in sync: ${inSync.join(', ')}`, fields);
    } else if (answer.kind === 'unreachable') this.#log.error(answer.reason, fields);
    else this.#log.info(answer.reason ?? 'a proposal was refused', fields);
  }
}
