/**
 * Boxes killed under load: no stale handle, no lost acknowledged byte, no call executed twice, both boxes equal at the end.
 *
 *     npm run test:takeover -- [--kills 100] [--seed N] [--handles generic|issuer] [--durability disk|memory]
 *     npm run test:takeover -- --protocol smb [--kills 50] [--connections 5] [--durability disk|memory]
 *     npm run test:takeover -- --executable dist/understudy-linux-x64
 *     npm run test:takeover -- --net bridge [--count 50] [--events kill,freeze,cut,move,part] [--arbiter witness|gateway] [--family 4|6]
 */
import yargs from 'yargs';
import { programOf } from '#packaging/lab/program.ts';
import { BRIDGE_ADDRESS, bridgeLack, SERVICE_6 } from '../lab/network.ts';
import { seedOf } from '../support/seeded.ts';
import { aboveBar, printStalls } from './bars.ts';
import { EVENTS, type Event, playOnBridge } from './bridge-round.ts';
import { campaign, printReports } from './campaign.ts';
import { playParted } from './parted-round.ts';
import { printSmbReports, smbCampaign } from './smb-campaign.ts';

/** Boxes that lose sight of one another, in each arbiter mode. */
const PART = 'part';
const ARBITERS = ['witness', 'gateway'] as const;

const out = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const args = yargs(process.argv.slice(2))
  .scriptName('test:takeover')
  .option('kills', { type: 'number', default: 100, describe: 'Kills of the serving box' })
  .option('protocol', { choices: ['nfs', 'smb'] as const, default: 'nfs' as const })
  .option('net', { choices: ['loopback', 'bridge'] as const, default: 'loopback' as const })
  .option('count', { type: 'number', default: 50, describe: 'Of each event, on a bridge' })
  .option('events', { type: 'string', default: [...EVENTS, PART].join(), describe: 'On a bridge' })
  .option('arbiter', { choices: ARBITERS, default: 'witness' as const, describe: 'On a bridge' })
  .option('family', {
    choices: [4, 6] as const,
    default: 4 as const,
    describe: 'On a bridge: of IP',
  })
  .option('seed', { type: 'number', default: seedOf(), describe: 'To have the same dice again' })
  .option('handles', { choices: ['generic', 'issuer'] as const, describe: 'Default both' })
  .option('durability', { choices: ['disk', 'memory'] as const, describe: 'Default both' })
  .option('connections', { type: 'number', default: 4, describe: 'Each with some workers' })
  .option('executable', { type: 'string', describe: 'Run this instead of the sources' })
  .option('address', { type: 'string', default: '127.0.20.10', describe: 'Service address' })
  .strict()
  .parseSync();

const { kills, seed, handles, durability, connections, address, executable } = args;
out(`seed ${seed}`);
try {
  if (args.protocol === 'smb') await withSmb();
  else if (args.net === 'bridge') await onBridge();
  else await onLoopback();
} catch (cause) {
  out(`\nFAILED: ${(cause as Error).message}\nseed ${seed}`);
  // Workers may still wait for an answer.
  process.exit(1);
}

/** Desktops at a share, and NFS clients beside them on the same volume. */
async function withSmb(): Promise<void> {
  const reports = await smbCampaign({
    kills,
    clients: connections,
    ...(durability !== undefined && { durability }),
    address,
    seed,
    program: programOf(executable),
    say: out,
  });
  out(`\n${printSmbReports(reports)}\nEverything held.`);
}

async function onBridge(): Promise<void> {
  const lack = bridgeLack();
  if (lack !== undefined) throw new Error(`a bridge ${lack}`);
  const names = args.events.split(',');
  const events = names.filter((name): name is Event => EVENTS.includes(name as Event));
  const { count, arbiter } = args;
  const service = args.family === 6 ? SERVICE_6 : BRIDGE_ADDRESS;
  const lab = {
    arbiter,
    ...(handles !== undefined && { handles }),
    ...(durability !== undefined && { durability }),
  };
  const stalls = await playOnBridge({
    events,
    count,
    seed,
    connections,
    address: service,
    lab,
    say: out,
  });
  if (names.includes(PART)) {
    for (const mode of ARBITERS) {
      await playParted({ arbiter: mode, count, seed, say: out });
      out(`${count} x boxes parted, arbiter ${mode}: one served, each time`);
    }
  }
  out(`\n${printStalls(stalls)}`);
  const above = aboveBar(stalls);
  if (above.length > 0) throw new Error(above.join('; '));
  out('Everything held.');
}

async function onLoopback(): Promise<void> {
  const reports = await campaign({
    kills,
    seed,
    connections,
    address,
    ...(handles !== undefined && { handles }),
    ...(durability !== undefined && { durability }),
    program: programOf(executable),
    say: out,
  });
  out(`\n${printReports(reports)}\nEverything held.`);
}
