/** Runs the small state machine of register-state.ts in a box. */
import type { Position } from '#core/group/entry.ts';
import type { Member } from '#core/group/member.ts';
import type { Host, Keeper, Machine } from './machine.ts';
import { type Command, RegisterState, Store } from './register-state.ts';

const CHECKPOINT_MS = 700;

export class RegisterKeeper implements Keeper<RegisterMachine> {
  readonly #store = new Store();
  readonly #persistent: boolean;

  constructor(persistent: boolean) {
    this.#persistent = persistent;
  }

  start(host: Host): RegisterMachine {
    return new RegisterMachine(this.#store, this.#persistent, host);
  }

  powerCut(): void {
    this.#store.powerCut();
  }
}

export class RegisterMachine implements Machine {
  readonly state: RegisterState;
  readonly #host: Host;
  #member: Member | undefined;

  constructor(store: Store, persistent: boolean, host: Host) {
    const syncLog = () => this.#member?.syncLog() ?? Promise.resolve();
    this.state = new RegisterState({ store, persistent, rebooted: host.rebooted, syncLog });
    this.#host = host;
  }

  attach(member: Member): void {
    this.#member = member;
    this.#host.madeGood();
    this.#checkpoint();
  }

  rests(): boolean {
    return this.state.applied === this.state.staged;
  }

  idOf(body: Buffer): string {
    return (JSON.parse(body.toString()) as Command).id;
  }

  read(key: number, reply: (list: readonly string[]) => void): void {
    const list = [...this.state.list(key)];
    this.#after(this.state.staged, () => reply(list));
  }

  change(command: Command, stable: boolean, reply: (value: number) => void): void {
    const member = this.#member as Member;
    const known = this.state.replies.get(command.id);
    const position = known?.position ?? ((this.state.staged + 1) as Position);
    const value = known?.reply ?? this.state.execute(command, position, member.view);
    if (known === undefined) {
      const milliseconds = Math.floor(this.#host.now());
      member.propose({
        position,
        time: { seconds: Math.floor(milliseconds / 1000), nanoseconds: milliseconds % 1000 },
        stable,
        body: Buffer.from(JSON.stringify(command)),
        data: command.content === '' ? undefined : Buffer.from(command.content),
      });
      this.#host.later(0.01, () => this.#host.logged(command.id));
    }
    this.#after(position, () => reply(value));
  }

  #after(position: Position, reply: () => void): void {
    if (this.#host.broken === 'reply-before-backup') reply();
    else this.#member?.afterCommit(position, reply);
  }

  #checkpoint(): void {
    this.#host.later(CHECKPOINT_MS, () => {
      this.#host.settle();
      this.state.checkpoint().then(
        () => this.#checkpoint(),
        (error: Error) => this.#host.fail(error),
      );
    });
  }
}
