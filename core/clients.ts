/** Who is connected to this box as a client, for `understudy status`; offered by each protocol's plugin. */
import { service } from './services.ts';
import type { StatusClient } from './status.ts';

export interface Clients {
  /** One row an address, sorted. */
  clients(): readonly StatusClient[];
}

export const NFS_CLIENTS = service<Clients>('protocol/nfs/clients');
