/** The arbiter of a box that is the only one of its group: a register of its own, for the view's number to live on. */
import type { Arbiter, ArbiterAnswer, RegisterAnswer } from '#core/group/arbiter.ts';
import type { BoxId } from '#core/group/entry.ts';
import { Register } from '#core/group/register.ts';
import type { Configuration } from '#core/group/view.ts';
import type { Disk } from '#core/ports/disk.ts';

export class Alone implements Arbiter {
  readonly mode = 'alone';
  readonly condition =
    'This box is alone: what it acknowledges is nowhere else, and nobody takes over.';
  readonly #self: BoxId;
  readonly #register: Register;

  /** Throws, with a sentence, when the register is damaged. */
  constructor(disk: Disk, self: BoxId, group: string) {
    this.#self = self;
    this.#register = new Register(disk, { group, path: `register/${group}.json`, adopts: true });
  }

  async read(): Promise<RegisterAnswer> {
    return this.#register.read();
  }

  async propose(next: Configuration): Promise<ArbiterAnswer> {
    const stranger = next.inSync.find((box) => box !== this.#self);
    if (stranger !== undefined) {
      return {
        kind: 'unreachable',
        reason: `${stranger} cannot be in sync: arbiter "alone" is for one box. Set it to "witness" or "gateway".`,
      };
    }
    return this.#register.propose(next, this.#self);
  }
}
