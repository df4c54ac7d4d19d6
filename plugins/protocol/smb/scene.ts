/** What all calls of this server share. */
import type { Group } from '#core/group/group.ts';
import type { Log } from '#core/log-line.ts';
import type { Clock } from '#core/ports/clock.ts';
import type { Random } from '#core/ports/random.ts';

export interface Scene {
  readonly group: Group;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
