/** What `understudy status` shows of one box's part in the group. */

import type { InstantMs } from '../ports/clock.ts';
import type { BoxId, Position, View } from './entry.ts';
import type { LogView } from './log.ts';
import { Out } from './out.ts';
import { Recovery } from './recovery.ts';
import type { Replica } from './replica.ts';
import type { Role } from './roles.ts';
import type { Configuration } from './view.ts';

export interface PeerStatus {
  readonly box: BoxId;
  readonly connected: boolean;
  readonly inSync: boolean;
  /** Known on the primary only; 0 elsewhere. */
  readonly received: Position;
  readonly durable: Position;
  readonly committed: Position;
  /** Entries that it lacks. */
  readonly lag: number;
}

export interface MemberStatus {
  readonly box: BoxId;
  readonly role: Role;
  readonly serving: boolean;
  readonly view: View;
  readonly configuration: Configuration;
  readonly first: Position;
  readonly staged: Position;
  readonly committed: Position;
  readonly applied: Position;
  readonly durable: Position;
  /** On the primary: milliseconds that its lease still runs; negative when it has run out, `undefined` when it needs none. */
  readonly leaseMs: number | undefined;
  readonly peers: readonly PeerStatus[];
  readonly arbiter: { readonly mode: string; readonly condition: string };
  /** Files that hold what this box had and the group had not. */
  readonly aside: readonly string[];
  /** One sentence on what this box waits for, or why it is out; empty when all is well. */
  readonly sentence: string;
}

export interface StatusSource {
  readonly self: BoxId;
  readonly replica: Replica | undefined;
  readonly log: LogView;
  readonly serving: boolean;
  readonly staged: Position;
  readonly applied: Position;
  readonly aside: readonly string[];
  readonly now: InstantMs;
  readonly arbiter: { readonly mode: string; readonly condition: string };
}

export function statusOf(source: StatusSource): MemberStatus {
  const { self, replica, serving, staged, applied, aside, arbiter } = source;
  const lease = replica?.primary?.leaseUntil;
  const none: Configuration = { view: 0 as View, primary: '' as BoxId, inSync: [] };
  const configuration = replica?.context.configuration ?? none;
  return {
    box: self,
    role: replica?.role ?? 'recovering',
    serving,
    view: configuration.view,
    configuration,
    first: replica === undefined ? (0 as Position) : source.log.first,
    staged,
    committed: replica?.context.commit ?? applied,
    applied,
    durable: replica?.context.durable ?? applied,
    leaseMs: lease === undefined || lease === Infinity ? undefined : lease - source.now,
    peers: replica === undefined ? [] : peersOf(replica, staged),
    arbiter,
    aside,
    sentence: sentenceOf(replica),
  };
}

function peersOf(replica: Replica, staged: Position): PeerStatus[] {
  const { context, primary } = replica;
  return context.others.map((box) => {
    const peer = primary?.peers.get(box);
    const received = peer?.received ?? (0 as Position);
    return {
      box,
      connected: context.link(box)?.up ?? false,
      inSync: context.configuration.inSync.includes(box),
      received,
      durable: peer?.durable ?? (0 as Position),
      committed: peer?.committed ?? (0 as Position),
      lag: primary === undefined ? 0 : staged - received,
    };
  });
}

function sentenceOf(replica: Replica | undefined): string {
  if (replica === undefined) return 'reads its log';
  const { machine, context } = replica;
  if (machine instanceof Out) return machine.reason;
  if (context.arbiterReason !== '') return `the arbiter cannot be used: ${context.arbiterReason}`;
  if (machine instanceof Recovery) return `waits for ${machine.waitsFor}`;
  if (machine.role === 'joining') {
    const { primary } = context.configuration;
    return context.link(primary)?.up
      ? `catches up from ${primary}`
      : `waits for ${primary}, which serves alone and cannot be reached`;
  }
  return '';
}
