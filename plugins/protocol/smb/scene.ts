/** What all calls of this server share. */
import type { Group } from '#core/group/group.ts';
import type { ServerIdentities, Shares, Users } from '#core/group/users.ts';
import type { Log } from '#core/log-line.ts';
import type { OpensManager } from '#core/opens/opens.ts';
import type { Clock } from '#core/ports/clock.ts';
import type { Random } from '#core/ports/random.ts';
import type { Watches } from './notify/watches.ts';
import type { PipeServer } from './pipes/pipe-server.ts';
import type { Sid } from './security/sid.ts';

export interface Scene {
  readonly group: Group;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly opens: OpensManager;
  /** Fed by `Group.onChange`. */
  readonly watches: Watches;
  /** `S-1-5-21-` and the three words of the cluster's identity: security/sid.ts. */
  readonly domain: Sid;
  /** What IPC$ has behind its pipes. */
  readonly pipes: PipeServer;
}
