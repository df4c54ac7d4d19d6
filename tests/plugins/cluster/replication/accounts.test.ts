/** Users and shares: what is refused, what is found again, and what the registry's rows tell of a password. */
import * as assert from 'uvu/assert';
import { ntHash } from '#core/group/nt-hash.ts';
import type { VolumeRecord } from '#core/group/registry.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { ROOT_ID } from '#core/vfs/inode.ts';
import { SET_NOTHING } from '#core/vfs/set-attributes.ts';
import { NO_DEVICE } from '#core/volume/operations/types.ts';
import { create } from '#core/volume/operations.ts';
import { sharesOf, usersOf } from '#plugins/cluster/replication/accounts.ts';
import { ClusterKey } from '#plugins/cluster/replication/cluster-key.ts';
import { commands } from '#plugins/cluster/replication/commands.ts';
import { Bench, BOX } from '../../../core/group/bench.ts';
import { LIMITS } from '../../../core/volume/fake-backend.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('cluster/replication/accounts');
const PASSWORD = 'correct horse';

/** Files of a state directory, in memory. */
class FakeDisk {
  readonly files = new Map<string, Buffer>();
  read(path: string): Buffer | undefined {
    return this.files.get(path);
  }
  replace(path: string, bytes: Uint8Array): void {
    this.files.set(path, Buffer.from(bytes));
  }
}

let seed = 0;
const random = {
  bytes: (size: number) => {
    seed += 1;
    return Buffer.alloc(size, seed);
  },
  u32: () => 7,
};

const record: VolumeRecord = {
  id: 1,
  name: 'files',
  durability: 'memory',
  fsid: '00'.repeat(16),
  limits: LIMITS,
  members: { [BOX]: { backend: 'fake', path: '' } },
};

class Table {
  readonly bench = new Bench();
  readonly disk = new FakeDisk();
  readonly key = new ClusterKey(this.disk, random);
  readonly users = usersOf(this.bench.state.registry, this.key);
  readonly shares = sharesOf(this.bench.state.registry);
  /** What `handKey` rejects with. */
  lack = '';
  readonly #commands = commands({
    self: BOX,
    members: [BOX],
    group: this.bench.group,
    member: undefined as never,
    state: this.bench.state,
    requests: undefined as never,
    random,
    key: this.key,
    handKey: async () => {
      if (this.lack !== '') throw new Error(this.lack);
    },
    prepare: () => LIMITS,
    checkAddress: async () => undefined,
  });

  constructor() {
    this.key.make();
    const transaction = this.bench.group.begin();
    transaction.registry({ kind: 'put-volume', record });
    this.bench.group.seal(undefined);
    this.bench.commit();
  }

  /** The sentence of a refusal. */
  async refused(method: string, params: object): Promise<string> {
    return String(await this.order(method, params));
  }

  /** The sentence of a refusal, or what came back. */
  async order(method: string, params: object): Promise<unknown> {
    const running = (async () => this.#commands[method]?.(params))().catch(
      (error: Error) => error.message,
    );
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    this.bench.commit();
    return running;
  }

  makeFolder(name: string): void {
    const volume = this.bench.group.volume(1);
    if (volume === undefined) throw new Error('no volume');
    const node = { kind: 'directory', how: 'guarded', verifier: '', target: '' } as const;
    const args = { directory: ROOT_ID, name, ...node, set: SET_NOTHING, device: NO_DEVICE };
    this.bench.group.begin().change(create, volume, ROOT_CALLER, { ...args, strategy: 'generic' });
    this.bench.group.seal(undefined);
    this.bench.commit();
  }
}

test('a user is found in whatever case, with the hash of the password', async () => {
  const table = new Table();
  assert.equal(await table.order('user.add', { name: 'Zoë', password: PASSWORD, groups: [50] }), {
    name: 'Zoë',
    uid: 1000,
    gid: 1000,
    groups: [50],
    disabled: false,
  });
  const user = table.users.find('ZOE\u0308');
  assert.is(user?.name, 'Zoë');
  assert.equal(user?.caller, { uid: 1000, gid: 1000, groups: [50] });
  assert.equal(user?.ntHash, ntHash(PASSWORD));
  assert.is(table.users.nameOf(1000), 'Zoë');
});

test('no row and no answer holds the hash or the password', async () => {
  const table = new Table();
  await table.order('user.add', { name: 'zoe', password: PASSWORD });
  const said = JSON.stringify(table.bench.state.registry.users);
  assert.not.match(said, ntHash(PASSWORD).toString('hex'));
  assert.not.match(said, PASSWORD);
  for (const entry of table.bench.entries) assert.not.ok(entry.body.includes(PASSWORD));
});

test('without the key nobody is found, and with it again everybody', async () => {
  const table = new Table();
  await table.order('user.add', { name: 'zoe', password: PASSWORD });
  const { registry } = table.bench.state;
  const other = new ClusterKey(new FakeDisk(), random);
  assert.is(usersOf(registry, other).find('zoe'), undefined);
  assert.not.ok(other.take('00'.repeat(32), table.key.id as string));
  assert.ok(other.take(table.key.text as string, table.key.id as string));
  assert.equal(usersOf(registry, other).find('zoe')?.ntHash, ntHash(PASSWORD));
  const restarted = new ClusterKey(table.disk, random);
  assert.is(restarted.id, table.key.id);
});

test('a secret does not open for another user', async () => {
  const table = new Table();
  const sealed = table.key.seal(ntHash(PASSWORD), 'user 1');
  assert.equal(table.key.open(sealed, 'user 1'), ntHash(PASSWORD));
  assert.is(table.key.open(sealed, 'user 2'), undefined);
  assert.is(table.key.open(`${sealed.slice(0, -2)}00`, 'user 1'), undefined);
  assert.is(table.key.open('00', 'user 1'), undefined);
});

test('names, passwords and uids that will not do are refused with a sentence', async () => {
  const table = new Table();
  const add = (params: object) => table.refused('user.add', { password: PASSWORD, ...params });
  assert.match(await add({ name: 'a/b' }), /must have no control characters/);
  assert.match(await add({ name: ' a' }), /must not begin or end/);
  const short = await add({ name: 'a', password: 'brief' });
  assert.match(short, /at least 8 characters/);
  assert.not.match(short, /brief/);
  assert.match(await add({ name: 'a', uid: 0 }), /uid/);
  await add({ name: 'zoe' });
  assert.match(await add({ name: 'ZOE' }), /user zoe: exists already/);
  assert.match(await add({ name: 'bob', uid: 1000 }), /uid 1000 is that of zoe/);
  assert.match(await table.refused('user.remove', { name: 'bob' }), /user bob: does not exist/);
  table.lack = 'box b lacks the key';
  assert.match(await add({ name: 'bob' }), /box b lacks the key/);
});

test('password, disable, enable and remove', async () => {
  const table = new Table();
  await table.order('user.add', { name: 'zoe', password: PASSWORD });
  await table.order('user.password', { name: 'Zoe', password: 'another one' });
  assert.equal(table.users.find('zoe')?.ntHash, ntHash('another one'));
  await table.order('user.able', { name: 'zoe', disabled: true });
  assert.is(table.users.find('zoe')?.disabled, true);
  await table.order('user.able', { name: 'zoe', disabled: false });
  assert.is(table.users.find('zoe')?.disabled, false);
  assert.equal(await table.order('user.remove', { name: 'ZOE' }), { removed: 'zoe' });
  assert.is(table.users.find('zoe'), undefined);
  const added = (await table.order('user.add', { name: 'bob', password: PASSWORD })) as object;
  assert.equal(Object.hasOwn(added, 'secret'), false);
  assert.is(table.bench.state.registry.users[0]?.id, 2);
});

test('a share offers a volume or a folder of it, under a name without case', async () => {
  const table = new Table();
  table.makeFolder('Docs');
  await table.order('share.add', { name: 'Family', volume: 'files', comment: 'of us' });
  await table.order('share.add', { name: 'docs', volume: 'files', folder: '/docs/' });
  assert.is(table.shares.find('FAMILY')?.root, ROOT_ID);
  assert.is(table.shares.find('docs')?.root, 2);
  assert.equal(
    table.shares.all().map(({ name }) => name),
    ['Family', 'docs'],
  );
  const add = (params: object) => table.refused('share.add', { volume: 'files', ...params });
  assert.match(await add({ name: 'family' }), /share Family: exists already/);
  assert.match(await add({ name: 'ipc$' }), /reserved/);
  assert.match(await add({ name: 'x', volume: 'none' }), /volume none: does not exist/);
  assert.match(await add({ name: 'x', folder: '/none' }), /has no folder \/none/);
  assert.match(await add({ name: 'x', networks: ['10.0.0.0'] }), /not in CIDR form/);
  assert.equal(await table.order('share.remove', { name: 'FAMILY' }), { removed: 'Family' });
  assert.is(table.shares.find('family'), undefined);
});

test('rows of users and shares are there again after a restart', async () => {
  const table = new Table();
  await table.order('user.add', { name: 'zoe', password: PASSWORD });
  await table.order('share.add', { name: 'family', volume: 'files' });
  table.bench.state.registry.load();
  assert.equal(table.users.find('zoe')?.ntHash, ntHash(PASSWORD));
  assert.is(table.shares.find('family')?.name, 'family');
});
