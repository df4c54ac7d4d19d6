/** A server on loopback over a group of one box, with users and shares of its own. */
import type { ShareRecord } from '#core/group/registry.ts';
import type { Shares, User, Users } from '#core/group/users.ts';
import { SILENT } from '#core/log-line.ts';
import { DurableTable } from '#core/opens/durable-table.ts';
import { Opens } from '#core/opens/manager.ts';
import type { Clock } from '#core/ports/clock.ts';
import { Stats } from '#core/stats.ts';
import { ROOT_ID } from '#core/vfs/inode.ts';
import { createClock } from '#plugins/host/clock.ts';
import { createNet } from '#plugins/host/net.ts';
import { createRandom } from '#plugins/host/random.ts';
import { ntHashOf } from '#plugins/protocol/smb/auth/ntlmv2.ts';
import { SmbCounters } from '#plugins/protocol/smb/counters.ts';
import { makeScene } from '#plugins/protocol/smb/make-scene.ts';
import type { SmbPolicy } from '#plugins/protocol/smb/policy.ts';
import type { Scene } from '#plugins/protocol/smb/scene.ts';
import { SmbServer } from '#plugins/protocol/smb/server.ts';
import { FakeGroup, VOLUME_ID } from '../../../support/fake-group.ts';
import { NO_ADDRESSES } from '../../../support/no-addresses.ts';
import { freePorts } from '../nfs/stage.ts';

export const clock = createClock();
export const net = createNet(SILENT);

export interface Account {
  readonly name: string;
  readonly password: string;
  readonly uid: number;
  readonly disabled?: boolean;
}

export const ANN: Account = { name: 'Ann', password: 'sesame', uid: 1000 };
export const BOB: Account = { name: 'bob', password: 'tulip', uid: 1001 };
export const EVE: Account = { name: 'eve', password: 'apple', uid: 1002, disabled: true };
export const ROOT: Account = { name: 'root', password: 'turnip', uid: 0 };

export function usersOf(accounts: readonly Account[]): Users {
  const rows = accounts.map(({ name, password, uid, disabled = false }): User => {
    return { name, disabled, ntHash: ntHashOf(password), caller: { uid, gid: uid, groups: [] } };
  });
  const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
  return {
    find: (name) => rows.find((row) => same(row.name, name)),
    nameOf: (uid) => rows.find((row) => row.caller.uid === uid)?.name,
    uidOf: (name) => rows.find((row) => same(row.name, name))?.caller.uid,
  };
}

export function shareRecord(more: Partial<ShareRecord> = {}): ShareRecord {
  return {
    id: 1,
    name: 'Files',
    volume: VOLUME_ID,
    root: ROOT_ID,
    readOnly: false,
    encrypted: false,
    comment: 'everything',
    networks: ['127.0.0.0/8'],
    ...more,
  };
}

function sharesOf(records: readonly ShareRecord[]): Shares {
  const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
  return {
    find: (name) => records.find((record) => same(record.name, name)),
    all: () => records,
  };
}

export interface StageOptions {
  readonly group?: FakeGroup;
  readonly policy?: Partial<SmbPolicy>;
  readonly shares?: readonly ShareRecord[];
  readonly port?: number;
  /** That of the server; otherwise the real one. */
  readonly clock?: Clock;
}

export class SmbStage {
  readonly group: FakeGroup;
  readonly scene: Scene;
  readonly server: SmbServer;
  readonly port: number;
  /** What the server logged as errors. */
  readonly errors: string[] = [];
  /** Connections that ended because of what came. */
  readonly complaints: string[] = [];

  constructor(port: number, options: StageOptions) {
    this.port = port;
    this.group = options.group ?? new FakeGroup();
    const own = options.clock ?? clock;
    const opens = new Opens({ clock: own });
    const log = {
      ...SILENT,
      error: (text: string, fields?: object) =>
        void this.errors.push(`${text} ${fields === undefined ? '' : JSON.stringify(fields)}`),
      debug: (text: string) => void this.complaints.push(text),
    };
    const identity = {
      guid: '000102030405060708090a0b0c0d0e0f',
      domain: [11, 22, 33],
      keyId: '0011223344556677',
    } as const;
    this.scene = makeScene({
      group: this.group,
      clock: own,
      random: createRandom(),
      log,
      users: usersOf([ANN, BOB, EVE, ROOT]),
      shares: sharesOf(
        options.shares ?? [
          shareRecord(),
          shareRecord({ id: 2, name: 'ReadOnly', readOnly: true }),
          shareRecord({ id: 3, name: 'Secret', encrypted: true }),
          shareRecord({ id: 4, name: 'Away', networks: ['10.0.0.0/8'] }),
        ],
      ),
      identities: { identity },
      policy: { signing: 'required', encryption: 'offered', ...options.policy },
      opens,
      durables: new DurableTable({ group: this.group, opens, log }),
    });
    this.server = new SmbServer(port, {
      scene: this.scene,
      net,
      addresses: NO_ADDRESSES,
      counters: new SmbCounters(new Stats()),
      log,
    });
  }

  close(): void {
    this.server.stop();
  }
}

/** Runs a test on a server of its own that serves. */
export async function onSmbStage(
  play: (stage: SmbStage) => Promise<void>,
  options: StageOptions = {},
): Promise<void> {
  const [port = 0] = options.port === undefined ? await freePorts(1) : [options.port];
  const stage = new SmbStage(port, options);
  stage.group.serve(true);
  try {
    await play(stage);
  } finally {
    stage.close();
  }
}
