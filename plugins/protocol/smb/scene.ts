/** What all calls of this server share. */
import type { Group } from '#core/group/group.ts';
import type { ServerIdentities, Shares, Users } from '#core/group/users.ts';
import type { Log } from '#core/log-line.ts';
import type { DurableOpens } from '#core/opens/durable.ts';
import type { OpensManager } from '#core/opens/opens.ts';
import type { Clock } from '#core/ports/clock.ts';
import type { Random } from '#core/ports/random.ts';
import type { OpenTable } from './open.ts';
import type { Sid } from './security/sid.ts';

export interface Scene {
  readonly group: Group;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** One for all protocols. */
  readonly opens: OpensManager;
  readonly durables: DurableOpens;
  /** Those of live connections. */
  readonly table: OpenTable;
  /** See `userSid`: that of the server's identity. */
  readonly domain: Sid;
}
