/** A short campaign of SMB clients; `npm run test:takeover -- --protocol smb` is the long one. */
import * as assert from 'uvu/assert';
import { seedOf } from '../support/seeded.ts';
import { suite } from '../support/suite.ts';
import { playSmbRound } from './smb-round.ts';

const test = suite('takeover/smb', { secondsMax: 90 });

const KILLS = 3;

test('three kills and a planned move: copies go on, durable opens come back, locks are held', async () => {
  const lines: string[] = [];
  const report = await playSmbRound({
    kills: KILLS,
    clients: 2,
    durability: 'disk',
    backends: ['posix', 'memory'],
    address: '127.0.20.90',
    seed: seedOf(),
    say: (line) => lines.push(line),
  });
  assert.is(report.killStallsMs.length, KILLS, lines.join('\n'));
  assert.ok(report.moves > 0);
  assert.ok(report.acts > 100, lines.join('\n'));
  assert.ok(report.retried > 0, lines.join('\n'));
  assert.ok(report.reconnected >= KILLS, lines.join('\n'));
});
