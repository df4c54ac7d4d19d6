/** Reads the golden conversations of the manager of opens: a word a request, a line an answer. */
import {
  DELETE,
  FILE_READ_ATTRIBUTES,
  FILE_READ_DATA,
  FILE_WRITE_DATA,
  READ_CONTROL,
} from '#core/opens/access.ts';
import type { CacheRights, GrantRequest, OplockLevel } from '#core/opens/grants.ts';
import { Opens } from '#core/opens/manager.ts';
import type { Deed, FileRef, HeldOpen, OpenRequest, Wait } from '#core/opens/types.ts';
import type { Clock, InstantMs, Timer } from '#core/ports/clock.ts';
import type { FileId } from '#core/vfs/inode.ts';
import type { Command } from '../../support/datadriven.ts';

const ACCESS: Readonly<Record<string, number>> = {
  r: FILE_READ_DATA,
  w: FILE_WRITE_DATA,
  d: DELETE,
  a: FILE_READ_ATTRIBUTES,
  s: READ_CONTROL,
};
const SHARE: Readonly<Record<string, number>> = { r: 1, w: 2, d: 4 };
const RIGHTS: Readonly<Record<string, number>> = { R: 1, H: 2, W: 4 };
const LEVELS: Readonly<Record<string, OplockLevel>> = { none: 0, II: 1, exclusive: 8, batch: 9 };

const sum = (bits: Readonly<Record<string, number>>, letters: string): number =>
  [...letters].reduce((all, letter) => all | (bits[letter] ?? 0), 0);

export const rightsOf = (letters: string): CacheRights => sum(RIGHTS, letters);
export const lettersOf = (rights: CacheRights): string =>
  ['R', 'W', 'H'].filter((letter) => (rights & (RIGHTS[letter] ?? 0)) !== 0).join('') || '-';

/** Runs everything in order of time, in one turn. */
export class TestClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #timers: { atMs: number; order: number; run: () => void }[] = [];

  now(): InstantMs {
    return this.#nowMs as InstantMs;
  }

  wall() {
    return { seconds: 0, nanoseconds: 0 };
  }

  get pending(): number {
    return this.#timers.length;
  }

  after(delayMs: number, run: () => void): Timer {
    this.#order += 1;
    const timer = { atMs: this.#nowMs + delayMs, order: this.#order, run };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
      },
    };
  }

  every(): Timer {
    throw new Error('not asked for here');
  }

  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = this.#timers
        .filter(({ atMs }) => atMs <= endMs)
        .sort((one, other) => one.atMs - other.atMs || one.order - other.order)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#nowMs = due.atMs;
      due.run();
    }
    this.#nowMs = endMs;
  }
}

export class OpensStage {
  readonly clock = new TestClock();
  readonly opens = new Opens({ clock: this.clock });
  readonly #held = new Map<string, HeldOpen>();
  readonly #names = new Map<HeldOpen, string>();
  readonly #deaf = new Set<string>();
  readonly #cancels = new Map<string, () => void>();
  #lines: string[] = [];

  constructor() {
    this.opens.onEnded((open, ending, closed) => {
      const last = closed.removes ? ', removes' : closed.isLast ? ', last' : '';
      this.#say(`${this.#nameOf(open)} ${ending}${last}`);
    });
  }

  answer(command: Command): string {
    this.#lines = [];
    this.#run(command);
    this.clock.pass(0);
    return this.#lines.join('\n') || 'nothing';
  }

  #run({ name, words, args }: Command): unknown {
    const [first = '', second = ''] = words;
    const arg = (key: string, otherwise = ''): string => args.get(key) ?? otherwise;
    const ref: FileRef = { volume: 1, file: Number(arg('file', '7')) as FileId };
    const held = this.#held.get(first);
    switch (name) {
      case 'open':
        return this.#open(first, this.#request(first, ref, arg, words));
      case 'close': {
        const { isLast, removes } = this.opens.close(this.#need(held));
        return this.#say(removes ? 'closed, removes' : isLast ? 'closed, last' : 'closed');
      }
      case 'ack':
        return this.#acknowledge(first, second, arg('key'));
      case 'do':
        return this.#do(first as Deed, ref, this.#held.get(arg('by')));
      case 'deaf':
        this.#deaf.add(first);
        return this.#say(`${first} cannot be told`);
      case 'lock':
        return this.#lock(first, this.#need(held), words.slice(1));
      case 'unlock': {
        const { offset, length } = rangeOf(second);
        return this.#say(this.opens.unlock(this.#need(held), offset, length) ? 'ok' : 'not locked');
      }
      case 'cancel':
        this.#cancels.get(first)?.();
        return this.#say('cancelled');
      case 'may': {
        const { offset, length } = rangeOf(second);
        const by = this.#held.get(arg('by'));
        const ask = first === 'read' ? 'mayRead' : 'mayWrite';
        const may = this.opens[ask](ref, by, Number(offset), Number(length));
        return this.#say(may ? 'yes' : 'no');
      }
      case 'may-unlink':
        return this.#say(this.opens.mayUnlink(ref) ? 'yes' : 'no');
      case 'delete-pending':
        this.opens.setDeletePending(ref, first !== 'off');
        return this.#say('ok');
      case 'disconnect':
        this.opens.disconnect(this.#need(held), Number(arg('ms', '60000')));
        return this.#say(`survives: ${this.opens.survives(this.#need(held))}`);
      case 'reconnect':
        this.opens.reconnect(this.#need(held), this.#holder(first));
        return this.#say(this.#need(held).isDisconnected ? 'still disconnected' : 'connected');
      case 'pass':
        return this.clock.pass(Number(arg('ms')));
      case 'grants':
        return this.#grants(ref);
      default:
        throw new Error(`no such command: ${name}`);
    }
  }

  #request(
    name: string,
    ref: FileRef,
    arg: (key: string, otherwise?: string) => string,
    words: readonly string[],
  ): OpenRequest {
    return {
      ...ref,
      holder: this.#holder(name),
      clientGuid: arg('client', 'c1'),
      access: sum(ACCESS, arg('access', 'r')),
      share: sum(SHARE, arg('share', 'rwd')),
      overwrites: words.includes('overwrites'),
      deleteOnClose: words.includes('delete-on-close'),
      isDirectory: words.includes('directory'),
      created: false,
      again: words.includes('again'),
      grant: grantOf(arg('lease'), arg('oplock', 'none'), Number(arg('epoch', '0'))),
    };
  }

  #open(name: string, request: OpenRequest): void {
    const outcome = this.opens.open(request);
    if (outcome.kind === 'breaking') this.#wait(name, outcome.wait);
    if (outcome.kind === 'granted') {
      this.#held.set(name, outcome.open);
      this.#names.set(outcome.open, name);
      this.#say(`granted ${describe(outcome.open)}`);
    } else {
      this.#say(outcome.kind);
    }
  }

  #do(deed: Deed, ref: FileRef, by: HeldOpen | undefined): void {
    const wait = this.opens.breakFor(ref, deed, by);
    if (wait !== undefined) this.#wait(deed, wait);
    this.#say(wait === undefined ? 'go on' : 'wait');
  }

  #wait(name: string, wait: Wait): void {
    this.#cancels.set(
      name,
      wait.resume(() => this.#say(`${name} may ask again`)),
    );
  }

  #acknowledge(name: string, what: string, key: string): unknown {
    if (key !== '') {
      const [client = '', lease = ''] = key.split('/');
      const answer = this.opens.acknowledgeLease(client, lease, rightsOf(what || name));
      const left = answer.kind === 'acknowledged' ? ` ${lettersOf(answer.rights)}` : '';
      return this.#say(`${answer.kind}${left}`);
    }
    const open = this.#need(this.#held.get(name));
    const answer = this.opens.acknowledgeOplock(open, LEVELS[what] ?? 9);
    return this.#say(
      answer.kind === 'acknowledged' ? `acknowledged level ${answer.level}` : answer.kind,
    );
  }

  #lock(name: string, open: HeldOpen, words: readonly string[]): void {
    const ranges = words.filter((word) => word !== 'wait').map(rangeOf);
    const outcome = this.opens.lock(open, ranges);
    this.#say(outcome);
    const [range] = ranges;
    if (outcome !== 'not-granted' || !words.includes('wait') || range === undefined) return;
    const cancel = this.opens.awaitLock(open, range, (end) => this.#say(`${name}: ${end}`));
    if (cancel !== undefined) this.#cancels.set(name, cancel);
  }

  #grants(ref: FileRef): void {
    for (const open of this.opens.opensOf(ref)) {
      this.#say(`${this.#nameOf(open)} ${describe(open)}${open.isDisconnected ? ' away' : ''}`);
    }
  }

  #holder(name: string) {
    return {
      told: ({ from, to, acknowledge, epoch }: Parameters<HeldOpen['holder']['told']>[0]) => {
        if (this.#deaf.has(name)) return false;
        const asks = acknowledge ? ', to acknowledge' : '';
        const number = epoch === 0 ? '' : ` epoch=${epoch}`;
        this.#say(`tell ${name}: ${lettersOf(from)} -> ${lettersOf(to)}${number}${asks}`);
        return true;
      },
    };
  }

  #nameOf(open: HeldOpen): string {
    return this.#names.get(open) ?? `open ${open.number}`;
  }

  #need(open: HeldOpen | undefined): HeldOpen {
    if (open === undefined) throw new Error('no open of that name');
    return open;
  }

  #say(line: string): void {
    this.#lines.push(line);
  }
}

function describe({ grant }: HeldOpen): string {
  const breaking = grant.breaking ? ` breaking to ${lettersOf(grant.breakTo)}` : '';
  const epoch = grant.version === 2 ? ` epoch=${grant.epoch}` : '';
  return `${grant.kind} ${lettersOf(grant.rights)}${epoch}${breaking}`;
}

/** `lease=KEY:RWH`, and `lease=KEY:RWH:2` for version 2. */
function grantOf(lease: string, oplock: string, epoch: number): GrantRequest {
  if (lease === '') return { kind: 'oplock', level: LEVELS[oplock] ?? 0 };
  const [key = '', rights = '', version] = lease.split(':');
  const isSecond = version === '2';
  return {
    kind: 'lease',
    version: isSecond ? 2 : 1,
    key,
    rights: rightsOf(rights),
    parentKey: '',
    epoch,
  };
}

/** `x10+5` is exclusive, `s10+5` shared, `10+5` neither. */
export function rangeOf(word: string) {
  const [offset = '0', length = '0'] = word.replace(/^[xs]/, '').split('+');
  return { offset: BigInt(offset), length: BigInt(length), exclusive: word.startsWith('x') };
}
