/** The register, far away: asking takes time, and questions or answers get lost. */
import type { Arbiter, ArbiterAnswer, RegisterAnswer } from '#core/group/arbiter.ts';
import type { BoxId } from '#core/group/entry.ts';
import type { Configuration } from '#core/group/view.ts';
import type { World } from './world.ts';

const DELAY_MS: readonly [number, number] = [0.2, 8];
const TIMEOUT_MS = 150;

export class Register {
  readonly #world: World;
  readonly #cut = new Set<BoxId>();
  held: Configuration | undefined;
  /** Every configuration there ever was, by view. */
  readonly history = new Map<number, Configuration>();

  constructor(world: World) {
    this.#world = world;
  }

  cut(box: BoxId, cut: boolean): void {
    if (cut) this.#cut.add(box);
    else this.#cut.delete(box);
  }

  /** The box's way to the register. `deliver` brings an answer into the box, if it still runs. */
  arbiterOf(box: BoxId, deliver: (run: () => void) => void): Arbiter {
    return {
      mode: 'sim',
      condition: 'simulated',
      read: () => this.#ask(box, deliver, () => this.#read()),
      propose: (next) =>
        this.#ask(box, deliver, () => this.#propose(box, next)) as Promise<ArbiterAnswer>,
    };
  }

  #read(): RegisterAnswer {
    if (this.held === undefined) return { kind: 'empty' };
    return { kind: 'refused', configuration: this.held, reason: 'read' };
  }

  /** As the real registers do: the very same again is accepted, and a box that is not in sync may not propose. */
  #propose(box: BoxId, next: Configuration): ArbiterAnswer {
    const { held } = this;
    if (JSON.stringify(held) === JSON.stringify(next))
      return { kind: 'accepted', configuration: next };
    const follows = next.view === (held?.view ?? 0) + 1;
    if (held === undefined && !follows)
      return { kind: 'unreachable', reason: 'the register is empty' };
    if (held !== undefined && (!follows || !held.inSync.includes(box))) {
      return { kind: 'refused', configuration: held, reason: 'somebody was first' };
    }
    this.held = next;
    this.history.set(next.view, next);
    this.#world.note(`register: view ${next.view} ${next.primary} [${next.inSync.join(' ')}]`);
    return { kind: 'accepted', configuration: next };
  }

  #ask<T>(
    box: BoxId,
    deliver: (run: () => void) => void,
    act: () => T,
  ): Promise<T | ArbiterAnswer> {
    return new Promise((resolve) => {
      let open = true;
      const answer = (value: T | ArbiterAnswer): void => {
        if (!open) return;
        open = false;
        deliver(() => resolve(value));
      };
      const lost = () => this.#cut.has(box) || this.#world.random.chance(60);
      // Now and then a question arrives after whoever asked has given up.
      const slow = this.#world.random.chance(40) ? this.#world.between(100, 500) : 0;
      this.#world.after(slow + this.#world.between(...DELAY_MS), () => {
        if (lost()) return;
        const value = act();
        this.#world.after(this.#world.between(...DELAY_MS), () => {
          if (!lost()) answer(value);
        });
      });
      this.#world.after(TIMEOUT_MS, () => answer({ kind: 'unreachable', reason: 'no answer' }));
    });
  }
}
