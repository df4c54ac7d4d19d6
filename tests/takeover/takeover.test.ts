/** A short campaign; `npm run test:takeover` is the long one. */
import * as assert from 'uvu/assert';
import { seedOf } from '../support/seeded.ts';
import { suite } from '../support/suite.ts';
import { campaign } from './campaign.ts';

const KILLS = 5;

const test = suite('takeover/takeover', { secondsMax: 90 });

test('five kills under load: no stale handle, no lost byte, nothing twice, both boxes equal', async () => {
  const lines: string[] = [];
  const reports = await campaign({
    kills: KILLS,
    seed: seedOf(),
    connections: 2,
    address: '127.0.20.10',
    say: (line) => lines.push(line),
  });
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  assert.is(sum(reports.map(({ kills }) => kills)), KILLS);
  assert.is(sum(reports.map(({ stallsMs }) => stallsMs.length)), KILLS);
  assert.ok(sum(reports.map(({ acts }) => acts)) > 100, lines.join('\n'));
  // Each kill is an end of connections with calls under way.
  assert.ok(sum(reports.map(({ retransmitted }) => retransmitted)) > 0, lines.join('\n'));
  assert.ok(sum(reports.map(({ repeated }) => repeated)) > 0, lines.join('\n'));
});
