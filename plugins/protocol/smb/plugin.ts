/** SMB 2.0.2 to 3.1.1 over direct TCP, on the service addresses of the group. */
import * as v from 'valibot';
import { ADDRESSES } from '#core/addresses.ts';
import { GROUP } from '#core/group/group.ts';
import { SERVER_IDENTITY, SHARES, USERS } from '#core/group/users.ts';
import { DURABLE_OPENS } from '#core/opens/durable.ts';
import { OPENS } from '#core/opens/opens.ts';
import { plugin } from '#core/plugin.ts';
import { CLOCK, NET, RANDOM } from '#core/ports/services.ts';
import { STATS } from '#core/stats.ts';
import { SmbCounters } from './counters.ts';
import { makeScene } from './make-scene.ts';
import { SmbServer } from './server.ts';

export const smb = plugin({
  id: 'protocol/smb',
  kind: 'protocol',
  needs: [
    ADDRESSES,
    GROUP,
    OPENS,
    DURABLE_OPENS,
    USERS,
    SHARES,
    SERVER_IDENTITY,
    NET,
    CLOCK,
    RANDOM,
    STATS,
  ],
  offers: [],
  options: {
    smbPort: {
      schema: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)), 445),
      help: 'TCP port of SMB.',
    },
    signing: {
      schema: v.optional(v.picklist(['required', 'enabled']), 'required'),
      help: 'Whether clients must sign, or may.',
    },
    encryption: {
      schema: v.optional(v.picklist(['offered', 'required']), 'offered'),
      help: 'Whether all clients must encrypt, or those of encrypted shares.',
    },
  },
  start({ options, log, get }) {
    const stats = get(STATS);
    const scene = makeScene({
      group: get(GROUP),
      clock: get(CLOCK),
      random: get(RANDOM),
      users: get(USERS),
      shares: get(SHARES),
      identities: get(SERVER_IDENTITY),
      opens: get(OPENS),
      durables: get(DURABLE_OPENS),
      policy: { signing: options.signing, encryption: options.encryption },
      log,
    });
    const server = new SmbServer(options.smbPort, {
      scene,
      net: get(NET),
      addresses: get(ADDRESSES),
      counters: new SmbCounters(stats),
      log,
    });
    stats.gauge('smb_connections', 'Connections of clients.', () => server.connections);
    stats.gauge('smb_sessions', 'Users with a session.', () => scene.sessions.size);
    stats.gauge('smb_opens', 'Files that clients have open.', () => scene.table.size);
    return { stop: () => server.stop() };
  },
});
