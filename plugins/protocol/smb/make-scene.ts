/** Puts together what all calls share, from what the box offers. */
import type { Group } from '#core/group/group.ts';
import type { ServerIdentities, Shares, Users } from '#core/group/users.ts';
import type { Log } from '#core/log-line.ts';
import type { DurableOpens } from '#core/opens/durable.ts';
import type { OpensManager } from '#core/opens/opens.ts';
import type { Clock } from '#core/ports/clock.ts';
import type { Random } from '#core/ports/random.ts';
import { Failures } from './auth/failures.ts';
import { forgetAll } from './create/close-open.ts';
import { settleExpired } from './create/expired.ts';
import { SERVER_NAME } from './negotiate/settings.ts';
import { Watches } from './notify/watches.ts';
import { OpenTable } from './open.ts';
import { PipeServer } from './pipes/pipe-server.ts';
import type { SmbPolicy } from './policy.ts';
import type { Scene } from './scene.ts';
import type { Sid } from './security/sid.ts';
import { SessionTable } from './session-table.ts';

export interface SceneDependencies {
  readonly group: Group;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly users: Users;
  readonly shares: Shares;
  readonly identities: ServerIdentities;
  readonly policy: SmbPolicy;
  readonly opens: OpensManager;
  readonly durables: DurableOpens;
}

const WORKGROUP = 'WORKGROUP';

export function makeScene(deps: SceneDependencies): Scene {
  const { group, clock, random, users, shares, identities } = deps;
  const table = new OpenTable(random);
  const watches = new Watches({
    *placesOf(volume, file) {
      for (const open of table.all()) {
        if (open.kind !== 'file' || open.file !== file) continue;
        if (open.volume.record.id === volume) yield open.place;
      }
    },
  });
  const domain = (): Sid => `S-1-5-21-${(identities.identity?.domain ?? [0, 0, 0]).join('-')}`;
  const pipes = new PipeServer({
    serverName: SERVER_NAME,
    workgroup: WORKGROUP,
    get domain() {
      return domain();
    },
    shares: () => [
      ...shares.all().map(({ name, comment }) => ({ name, comment, isPipe: false })),
      { name: 'IPC$', comment: '', isPipe: true },
    ],
    userName: (uid) => users.nameOf(uid),
    uidOf: (name) => users.uidOf(name),
    now: () => clock.wall(),
  });
  const scene: Scene = {
    ...deps,
    table,
    watches,
    pipes,
    failures: new Failures(clock),
    sessions: new SessionTable(random),
    get domain() {
      return domain();
    },
  };
  group.onServing((serving) => {
    if (serving) forgetAll(scene);
  });
  group.onChange((made) => watches.take(made));
  settleExpired(scene);
  return scene;
}
