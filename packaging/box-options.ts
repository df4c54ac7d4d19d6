/** Turns a box's configuration into the options of its plugins. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REBOOTED } from '#core/group/service.ts';
import type { Identity } from '#plugins/host/identity.ts';
import type { BoxConfig } from './box-config.ts';

/** The name under which boxes know the witness. */
export const WITNESS_NAME = 'witness';

type Options = Record<string, Record<string, unknown>>;

export function boxOptions(
  config: BoxConfig,
  directory: string,
  control: string,
  identity: Identity,
): Options {
  const members = config.members ?? [config.name];
  return withOwners(config, {
    ...witnessOptions(config, directory, identity),
    control: { path: control },
    'cluster/replication': {
      self: config.name,
      cluster: config.cluster,
      address: config.address,
      members,
      peers: Object.fromEntries(config.peer.map(({ name, address }) => [name, address])),
      rebooted: hasRebooted(directory),
    },
    ...(config.arbiter === 'witness'
      ? { 'cluster/arbiter/witness': { witness: WITNESS_NAME } }
      : {}),
  });
}

/** Host and link: what the witness has of a box. */
export function witnessOptions(config: BoxConfig, directory: string, identity: Identity): Options {
  return {
    host: { stateDirectory: directory },
    'cluster/link': {
      self: config.name,
      cluster: config.cluster,
      address: config.address,
      also: config.also,
      port: config['link-port'],
      key: identity.key,
      certificate: identity.certificate,
      peers: config.peer,
    },
  };
}

/** What the owner wrote under `[plugin."ID"]` goes over what was derived. */
export function withOwners(config: BoxConfig, derived: Options): Options {
  const options = { ...derived };
  for (const [id, own] of Object.entries(config.plugin)) options[id] = { ...options[id], ...own };
  return options;
}

/**
 * Whether the machine was started anew since this directory was last in use: its page cache was lost then. So it
 * stays, over starts that end early, until `cluster/replication` has dealt with it and takes the file away.
 */
function hasRebooted(directory: string): boolean {
  const path = join(directory, 'boot');
  const mark = join(directory, REBOOTED);
  const now = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const before = existsSync(path) ? readFileSync(path, 'utf8').trim() : now;
  if (before !== now) writeFileSync(mark, '', { mode: 0o600 });
  writeFileSync(path, `${now}\n`, { mode: 0o600 });
  return existsSync(mark);
}
