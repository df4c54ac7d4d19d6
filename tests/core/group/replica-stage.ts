/** A replica on a stage: a log in memory, and effects as lines of text, for golden conversations. */
import type { Effect } from '#core/group/context.ts';
import type { BoxId, Entry, Position, View } from '#core/group/entry.ts';
import type { LogView } from '#core/group/log.ts';
import type { Message } from '#core/group/messages.ts';
import type { EntryRecord } from '#core/group/record.ts';
import { Replica } from '#core/group/replica.ts';
import type { Role } from '#core/group/roles.ts';
import type { Configuration } from '#core/group/view.ts';
import type { InstantMs } from '#core/ports/clock.ts';
import type { Command } from '../../support/datadriven.ts';

class StageLog implements LogView {
  readonly first = 1 as Position;
  views: View[] = [];

  get last(): Position {
    return this.views.length as Position;
  }

  get lastView(): View {
    return this.viewAt(this.last) as View;
  }

  viewAt(position: Position): View | undefined {
    if (position === 0) return 0 as View;
    return this.views[position - 1];
  }
}

export class Stage {
  readonly #log = new StageLog();
  #replica: Replica | undefined;
  #now = 0 as InstantMs;
  #asked: Configuration | undefined;

  /** Does one command and returns what came of it, a line an effect. */
  answer(command: Command): string {
    const { args } = command;
    this.#now = (Number(args.get('ms') ?? this.#now) || 0) as InstantMs;
    this.#do(command);
    const replica = this.#replica as Replica;
    const lines: string[] = [];
    for (let effects = replica.ready(); effects.length > 0; effects = replica.ready()) {
      for (const effect of effects) {
        this.#perform(replica, effect);
        lines.push(printEffect(effect));
      }
    }
    return lines.join('\n') || '-';
  }

  #do({ name, words, args }: Command): void {
    const peer = (words[0] ?? '') as BoxId;
    const replica = this.#replica;
    if (name === 'start') {
      this.#start(args);
      return;
    }
    if (replica === undefined) throw new Error('start first');
    if (name === 'tick') replica.tick(this.#now);
    else if (name === 'up') replica.linkUp(this.#now, peer);
    else if (name === 'down') replica.linkDown(this.#now, peer, words[1] === 'closed');
    else if (name === 'answer') this.#answerArbiter(replica, words, args);
    else if (name === 'synced') replica.synced(this.#now, number(args, 'position') as Position);
    else if (name === 'propose') this.#propose(replica, words.includes('stable'));
    else if (name === 'move') replica.primary?.move(peer);
    else if (name === 'override') replica.override();
    else replica.step(this.#now, peer, message(name, words, args));
  }

  get situation(): string {
    const { role, context, primary } = this.#replica as Replica;
    const lease = primary === undefined ? '' : ` lease ${primary.leaseUntil}`;
    return `${role} view ${context.view} last ${context.log.last} commit ${context.commit}${lease}`;
  }

  #start(args: ReadonlyMap<string, string>): void {
    const view = number(args, 'view') as View;
    this.#log.views = Array.from({ length: number(args, 'last') }, () => view);
    const commit = number(args, 'commit') as Position;
    const members = (args.get('members') ?? 'a,b').split(',') as BoxId[];
    this.#replica = new Replica(
      {
        self: (args.get('self') ?? 'a') as BoxId,
        members,
        founder: args.get('founder') === 'yes',
        mayHaveLostTail: args.get('lost') === 'yes',
        nonce: () => 77,
      },
      { log: this.#log, commit, commitView: commit === 0 ? (0 as View) : view, now: this.#now },
    );
    this.#replica.tick(this.#now);
  }

  #answerArbiter(
    replica: Replica,
    words: readonly string[],
    args: ReadonlyMap<string, string>,
  ): void {
    const [kind] = words;
    const proposal = this.#asked;
    if (kind === 'accepted' && proposal !== undefined) {
      replica.answered(this.#now, { kind, configuration: proposal }, proposal);
    } else if (kind === 'refused') {
      replica.answered(
        this.#now,
        { kind, configuration: configuration(args), reason: '' },
        proposal,
      );
    } else if (kind === 'empty') {
      replica.answered(this.#now, { kind }, proposal);
    } else {
      replica.answered(this.#now, { kind: 'unreachable', reason: 'no answer' }, proposal);
    }
  }

  #propose(replica: Replica, stable: boolean): void {
    this.#log.views.push(replica.context.view);
    replica.proposed(this.#log.last, stable);
    replica.logged(this.#now);
  }

  #perform(replica: Replica, effect: Effect): void {
    if (effect.kind === 'ask') this.#asked = effect.proposal;
    if (effect.kind === 'take') {
      for (const { entry } of effect.records) this.#log.views.push(entry.view);
      replica.taken(effect.commit);
    }
    if (effect.kind === 'rebase') {
      this.#log.views.length = replica.context.commit;
      replica.rebased([]);
    }
    if (effect.kind === 'feed') replica.fed(effect.to, effect.upTo, 100);
  }
}

function number(args: ReadonlyMap<string, string>, name: string): number {
  return Number(args.get(name) ?? 0);
}

function configuration(args: ReadonlyMap<string, string>): Configuration {
  return {
    view: number(args, 'view') as View,
    primary: (args.get('primary') ?? 'a') as BoxId,
    inSync: (args.get('insync') ?? 'a').split(',') as BoxId[],
  };
}

function record(position: number, view: number, stable: boolean): EntryRecord {
  const entry: Entry = {
    position: position as Position,
    view: view as View,
    commit: 0 as Position,
    time: { seconds: 0, nanoseconds: 0 },
    stable,
    body: Buffer.alloc(0),
    data: undefined,
    dataSize: 0,
  };
  return { entry, head: Buffer.alloc(0) };
}

function message(
  name: string,
  words: readonly string[],
  args: ReadonlyMap<string, string>,
): Message {
  const view = number(args, 'view') as View;
  const sentAt = number(args, 'sent') as InstantMs;
  switch (name) {
    case 'append': {
      const previous = number(args, 'previous') as Position;
      const records = Array.from({ length: number(args, 'count') }, (_, index) =>
        record(previous + 1 + index, view, words.includes('stable')),
      );
      const previousView = Number(args.get('previousview') ?? (previous === 0 ? 0 : view)) as View;
      const commit = number(args, 'commit') as Position;
      return { kind: 'append', view, sentAt, commit, previous, previousView, records };
    }
    case 'acknowledge':
      return {
        kind: 'acknowledge',
        view,
        session: number(args, 'session'),
        received: number(args, 'received') as Position,
        durable: number(args, 'durable') as Position,
        committed: number(args, 'committed') as Position,
        sentAt,
        gap: words.includes('gap'),
        whole: words.includes('whole'),
      };
    case 'join':
      return {
        kind: 'join',
        view,
        nonce: number(args, 'nonce'),
        applied: number(args, 'applied') as Position,
        appliedView: number(args, 'appliedview') as View,
        last: number(args, 'last') as Position,
      };
    case 'welcome':
      return {
        kind: 'welcome',
        view,
        nonce: number(args, 'nonce'),
        end: number(args, 'end') as Position,
        sure: number(args, 'end') as Position,
        runs: [],
      };
    case 'tell':
      return {
        kind: 'tell',
        role: (words[1] ?? 'recovering') as Role,
        view,
        lastView: number(args, 'lastview') as View,
        last: number(args, 'last') as Position,
        lacks: words.includes('lacks'),
      };
    case 'withdraw':
      return { kind: 'withdraw', view, reason: 'disk full' };
    case 'configure':
    case 'handover':
      return { kind: name, configuration: configuration(args) };
    default:
      throw new Error(`no such message: ${name}`);
  }
}

function printConfiguration({ view, primary, inSync }: Configuration): string {
  return `view ${view} ${primary} [${inSync.join(' ')}]`;
}

function printEffect(effect: Effect): string {
  switch (effect.kind) {
    case 'take':
      return `take ${effect.records.map(({ entry }) => entry.position).join(' ') || 'nothing'}, commit ${effect.commit}`;
    case 'send':
      return `to ${effect.to}: ${printMessage(effect.message)}`;
    case 'stream':
      return effect.after === effect.upTo
        ? `to ${effect.to}: heartbeat after ${effect.after}`
        : `to ${effect.to}: entries ${effect.after + 1} to ${effect.upTo}`;
    case 'feed':
      return `to ${effect.to}: from the log ${effect.after + 1} to ${effect.upTo}`;
    case 'commit':
      return `commit ${effect.position}`;
    case 'ask':
      return effect.proposal
        ? `propose ${printConfiguration(effect.proposal)}`
        : 'read the register';
    case 'serving':
      return effect.serving ? 'serve' : 'stop serving';
    case 'rebase':
      return 'cut the log, set the rest aside';
    case 'moved':
      return `moved: ${effect.error ?? 'done'}`;
    default:
      return effect.kind;
  }
}

function printMessage(sent: Extract<Effect, { kind: 'send' }>['message']): string {
  switch (sent.kind) {
    case 'acknowledge': {
      const flags = `${sent.gap ? ' gap' : ''}${sent.whole ? '' : ' not whole'}`;
      return `acknowledge view ${sent.view} received ${sent.received} durable ${sent.durable} sent ${sent.sentAt}${flags}`;
    }
    case 'configure':
    case 'handover':
      return `${sent.kind} ${printConfiguration(sent.configuration)}`;
    case 'join':
      return `join applied ${sent.applied} last ${sent.last}`;
    case 'welcome':
      return `welcome end ${sent.end} runs ${sent.runs.map(({ from, view }) => `${from}:${view}`).join(' ')}`;
    case 'reject':
      return `reject ${sent.reason}`;
    default:
      return sent.kind;
  }
}
