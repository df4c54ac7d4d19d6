/** A box that is nothing but a link, in a process of its own: says `up` and `down`, and sends back what it hears. */
import type { BoxId } from '#core/group/entry.ts';
import { CHANNEL } from '#core/group/link.ts';
import { SILENT } from '#core/log-line.ts';
import { BoxLink, type LinkOptions } from '#plugins/cluster/link/link.ts';
import { createClock } from '#plugins/host/clock.ts';
import { createNet } from '#plugins/host/net.ts';

const options = JSON.parse(process.argv[2] ?? '') as LinkOptions;
const link = new BoxLink(options, { net: createNet(SILENT), clock: createClock(), log: SILENT });
link.handle(CHANNEL.group, {
  frame: (peer: BoxId, frame) => link.send(peer, CHANNEL.group, [Buffer.from(frame)]),
  up: (peer) => process.stdout.write(`up ${peer}\n`),
  down: (peer) => process.stdout.write(`down ${peer}\n`),
});
await link.start();
process.stdout.write(`port ${link.port}\n`);
