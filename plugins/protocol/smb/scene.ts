/** What all calls of this server share. */
import type { Group } from '#core/group/group.ts';
import type { ServerIdentities, Shares, Users } from '#core/group/users.ts';
import type { Log } from '#core/log-line.ts';
import type { DurableOpens } from '#core/opens/durable.ts';
import type { OpensManager } from '#core/opens/opens.ts';
import type { Clock } from '#core/ports/clock.ts';
import type { Random } from '#core/ports/random.ts';
import type { Failures } from './auth/failures.ts';
import type { Watches } from './notify/watches.ts';
import type { OpenTable } from './open.ts';
import type { PipeServer } from './pipes/pipe-server.ts';
import type { SmbPolicy } from './policy.ts';
import type { Sid } from './security/sid.ts';
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
  readonly failures: Failures;
  readonly sessions: SessionTable;
  /** Share modes, locks and caching: one for all protocols. */
  readonly opens: OpensManager;
  readonly durables: DurableOpens;
  /** Opens of live connections, by FileId. */
  readonly table: OpenTable;
  /** Fed by `Group.onChange`. */
  readonly watches: Watches;
  /** `S-1-5-21-` and the three words of the cluster's identity: security/sid.ts. */
  readonly domain: Sid;
  /** What IPC$ has behind its pipes. */
  readonly pipes: PipeServer;
}
