/** NFS version 3 with MOUNT and the port mapper, over TCP, on the service addresses of the group. */
import * as v from 'valibot';
import { ADDRESSES } from '#core/addresses.ts';
import { GROUP } from '#core/group/group.ts';
import { OPENS } from '#core/opens/opens.ts';
import { plugin } from '#core/plugin.ts';
import { CLOCK, NET } from '#core/ports/services.ts';
import { STATS } from '#core/stats.ts';
import { HANDLES } from '#core/vfs/handle.ts';
import { Counters } from './counters.ts';
import { ExportTable } from './exports.ts';
import { MountList } from './mount/list.ts';
import { mountProgram } from './mount/program.ts';
import { PortTable } from './portmap/ports.ts';
import { portmapProgram } from './portmap/program.ts';
import { NfsServer } from './server.ts';
import { nfsProgram } from './v3/program.ts';

const port = (standard: number) =>
  v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)), standard);

export const nfs = plugin({
  id: 'protocol/nfs',
  kind: 'protocol',
  needs: [ADDRESSES, GROUP, HANDLES, OPENS, NET, CLOCK, STATS],
  offers: [],
  options: {
    nfsPort: { schema: port(2049), help: 'TCP port of NFS.' },
    mountPort: { schema: port(20_048), help: 'TCP port of MOUNT.' },
    portmapPort: {
      schema: port(111),
      help: 'TCP port of the port mapper, which tells the others.',
    },
  },
  start({ options, log, get }) {
    const stats = get(STATS);
    const group = get(GROUP);
    const scene = {
      group,
      handles: get(HANDLES),
      opens: get(OPENS),
      clock: get(CLOCK),
      counters: new Counters(stats),
      exports: new ExportTable(group),
      mounts: new MountList(),
      ports: new PortTable(),
    };
    const offers = [
      { program: nfsProgram, port: options.nfsPort },
      { program: mountProgram, port: options.mountPort },
      { program: portmapProgram, port: options.portmapPort },
    ];
    const server = new NfsServer(offers, {
      scene,
      net: get(NET),
      addresses: get(ADDRESSES),
      log,
    });
    stats.gauge('nfs_connections', 'Connections of clients.', () => server.connections);
    return { stop: () => server.stop() };
  },
});
