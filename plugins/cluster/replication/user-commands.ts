/** What an owner may order of users: they are the cluster's own, and SMB clients log on as them. */
import * as v from 'valibot';
import { parse } from '#core/config.ts';
import { ntHash } from '#core/group/nt-hash.ts';
import {
  USER_GROUPS_MAX,
  USER_NAME_SIZE_MAX,
  USERS_MAX,
  type UserRecord,
} from '#core/group/registry.ts';
import { whoseSecret } from './accounts.ts';
import type { Command, CommandDependencies } from './commands.ts';
import { demandRoom, put } from './orders.ts';

/** Characters: below, any password falls to a machine that has seen one log-on. */
const PASSWORD_SIZE_MIN = 8;
/** What Windows takes. */
const PASSWORD_SIZE_MAX = 127;
/** The first uid of people on Debian and most others. */
const FIRST_UID = 1000;

/** What Windows refuses in an account's name ([MS-SAMR] §3.1.1.6), and what would not stand in a line. */
const Name = v.pipe(
  v.string(),
  v.minLength(1, 'must not be empty'),
  v.maxLength(USER_NAME_SIZE_MAX, `must have at most ${USER_NAME_SIZE_MAX} characters`),
  v.regex(
    /^[^\p{C}"/\\[\]:;|=,+*?<>@]+$/u,
    'must have no control characters and none of "/\\[]:;|=,+*?<>@',
  ),
  v.regex(/^[^ .].*[^ .]$|^[^ .]$/u, 'must not begin or end with a space or dot'),
);
/** Root's rights are for boxes, not for people with a password. */
const Id = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(0xffff_fffe));

const Add = v.object({
  name: Name,
  password: v.string(),
  uid: v.optional(Id),
  gid: v.optional(Id),
  groups: v.optional(v.pipe(v.array(Id), v.maxLength(USER_GROUPS_MAX)), []),
});
const ChangePassword = v.object({ name: v.string(), password: v.string() });
const Able = v.object({ name: v.string(), disabled: v.boolean() });
const Remove = v.object({ name: v.string() });

export function userCommands(deps: CommandDependencies): Readonly<Record<string, Command>> {
  return {
    'user.add': (params) => add(deps, parse('user add', Add, params)),
    'user.password': (params) =>
      changePassword(deps, parse('user password', ChangePassword, params)),
    'user.able': (params) => setAble(deps, parse('user', Able, params)),
    'user.remove': (params) => remove(deps, parse('user remove', Remove, params)),
  };
}

async function add(
  deps: CommandDependencies,
  { name, password, ...more }: v.InferOutput<typeof Add>,
): Promise<object> {
  demandRoom(deps, `user ${name}`);
  refusePassword(password);
  await deps.handKey();
  const { registry } = deps.state;
  if (registry.users.length >= USERS_MAX) {
    throw new Error(`user ${name}: there are ${USERS_MAX} users, which is the limit`);
  }
  const there = registry.user(name);
  if (there !== undefined) {
    throw new Error(`user ${there.name}: exists already; change it with "user password"`);
  }
  const uid = more.uid ?? freeUid(registry.users);
  const other = registry.users.find((record) => record.uid === uid);
  if (other !== undefined) {
    throw new Error(`user ${name}: uid ${uid} is that of ${other.name}; choose another`);
  }
  const id = registry.nextId('user');
  const record: UserRecord = {
    id,
    name,
    uid,
    gid: more.gid ?? uid,
    groups: more.groups,
    secret: deps.key.seal(ntHash(password), whoseSecret({ id })),
    disabled: false,
  };
  await put(deps, { kind: 'put-user', record });
  return shown(record);
}

async function changePassword(
  deps: CommandDependencies,
  { name, password }: v.InferOutput<typeof ChangePassword>,
): Promise<object> {
  refusePassword(password);
  await deps.handKey();
  const before = demandUser(deps, name);
  const secret = deps.key.seal(ntHash(password), whoseSecret(before));
  const record = { ...before, secret };
  await put(deps, { kind: 'put-user', record });
  return shown(record);
}

async function setAble(
  deps: CommandDependencies,
  { name, disabled }: v.InferOutput<typeof Able>,
): Promise<object> {
  const record = { ...demandUser(deps, name), disabled };
  await put(deps, { kind: 'put-user', record });
  return shown(record);
}

async function remove(
  deps: CommandDependencies,
  { name }: v.InferOutput<typeof Remove>,
): Promise<object> {
  const record = demandUser(deps, name);
  await put(deps, { kind: 'remove-user', id: record.id });
  return { removed: record.name };
}

/** Not a schema's business: its sentences show what was given. */
function refusePassword(password: string): void {
  if (password.length < PASSWORD_SIZE_MIN) {
    throw new Error(`password: is too short, at least ${PASSWORD_SIZE_MIN} characters`);
  }
  if (password.length > PASSWORD_SIZE_MAX) {
    throw new Error(`password: is too long, at most ${PASSWORD_SIZE_MAX} characters`);
  }
}

function demandUser({ state }: CommandDependencies, name: string): UserRecord {
  const record = state.registry.user(name);
  if (record === undefined) throw new Error(`user ${name}: does not exist`);
  return record;
}

/** Above every other, so that files of somebody who was removed do not come to belong to the next. */
function freeUid(users: readonly UserRecord[]): number {
  return users.reduce((free, { uid }) => Math.max(free, uid + 1), FIRST_UID);
}

/** Without the secret. */
function shown({ name, uid, gid, groups, disabled }: UserRecord): object {
  return { name, uid, gid, groups, disabled };
}
