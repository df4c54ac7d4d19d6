/** Out: this box cannot take part, says why, and stays so until its owner has mended it and started it again. */
import type { RoleMachine } from './context.ts';

export class Out implements RoleMachine {
  readonly role = 'out';
  /** A sentence for the owner. */
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }

  tick(): void {}

  step(): void {}

  linkUp(): void {}

  linkDown(): void {}

  unanswered(): void {}

  synced(): void {}
}
