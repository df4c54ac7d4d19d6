/** The registry's users and shares as frontends see them (core/group/users.ts). */
import type { UserRecord } from '#core/group/registry.ts';
import type { RegistryTable } from '#core/group/registry-table.ts';
import type { ServerIdentities, Shares, User, Users } from '#core/group/users.ts';
import type { ClusterKey } from './cluster-key.ts';

/** What a user's secret is sealed for. */
export function whoseSecret({ id }: Pick<UserRecord, 'id'>): string {
  return `user ${id}`;
}

export function usersOf(registry: RegistryTable, key: ClusterKey): Users {
  return {
    find(name): User | undefined {
      const record = registry.user(name);
      const hash = record && key.open(record.secret, whoseSecret(record));
      if (record === undefined || hash === undefined) return undefined;
      const { uid, gid, groups, disabled } = record;
      return { name: record.name, caller: { uid, gid, groups }, disabled, ntHash: hash };
    },
    nameOf: (uid) => registry.users.find((record) => record.uid === uid)?.name,
    uidOf: (name) => registry.user(name)?.uid,
  };
}

export function sharesOf(registry: RegistryTable): Shares {
  return { find: (name) => registry.share(name), all: () => registry.shares };
}

export function identitiesOf(registry: RegistryTable): ServerIdentities {
  return {
    get identity() {
      return registry.identity;
    },
  };
}
