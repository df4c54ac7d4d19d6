/** Every plugin, in start order among equals; the only file that knows them all. */
import type { Plugin } from '#core/plugin.ts';
import { alone } from './cluster/arbiter/alone/plugin.ts';
import { gateway } from './cluster/arbiter/gateway/plugin.ts';
import { witness } from './cluster/arbiter/witness/plugin.ts';
import { witnessServer } from './cluster/arbiter/witness/server-plugin.ts';
import { arp } from './cluster/arp/plugin.ts';
import { handles } from './cluster/handles/plugin.ts';
import { link } from './cluster/link/plugin.ts';
import { opens } from './cluster/opens/plugin.ts';
import { replication } from './cluster/replication/plugin.ts';
import { control } from './control/plugin.ts';
import { memory } from './fs/memory/plugin.ts';
import { posix } from './fs/posix/plugin.ts';
import { host } from './host/plugin.ts';
import { nfs } from './protocol/nfs/plugin.ts';
import { smb } from './protocol/smb/plugin.ts';

const arbiters = { alone, gateway, witness };

export function boxPlugins(arbiter: keyof typeof arbiters): readonly Plugin[] {
  return [
    host,
    control,
    posix,
    memory,
    link,
    arbiters[arbiter],
    arp,
    replication,
    handles,
    opens,
    nfs,
    smb,
  ] as readonly Plugin[];
}

export const witnessPlugins = [host, link, witnessServer] as readonly Plugin[];
