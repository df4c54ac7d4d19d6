/** What all calls of this server share. */
import type { Group } from '#core/group/group.ts';
import type { ServerIdentities, Shares, Users } from '#core/group/users.ts';
import type { Log } from '#core/log-line.ts';
import type { OpensManager } from '#core/opens/opens.ts';
import type { Clock } from '#core/ports/clock.ts';
import type { Random } from '#core/ports/random.ts';
import type { OpenTable } from './open.ts';
import type { SmbPolicy } from './policy.ts';
import type { SessionTable } from './session-table.ts';

export interface Scene {
  readonly group: Group;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly users: Users;
  readonly shares: Shares;
  readonly identities: ServerIdentities;
  /** What the owner decided about this server. */
  readonly policy: SmbPolicy;
  /** Share modes, locks, caching and durable opens, of all protocols. */
  readonly opens: OpensManager;
  /** Opens by FileId, of this protocol. */
  readonly openTable: OpenTable;
  readonly sessions: SessionTable;
}
