/** Somebody sets the wall clock of a box while clients work, hours forward and hours back: nothing but times may change. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Lab } from '#packaging/lab/processes.ts';
import { accepted, Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { program } from '../support/program.ts';
import { seedOf } from '../support/seeded.ts';
import { suite } from '../support/suite.ts';
import { Crew } from './crew.ts';
import { mountRoot, openRpc, startLab } from './stage.ts';

const test = suite('takeover/clock-set', { secondsMax: 60 });
/** Milliseconds of work between two settings: longer than a lease, and than any silence that boxes act upon. */
const WORK_MS = 1_200;
/** Milliseconds that a client may wait: a busy machine's, and no takeover's. */
const STALL_MS_MAX = 500;
/** Six hours forward, then back to an hour before what it was, and so on. */
const SET_CLOCK = `
  const now = Date.now;
  let aheadMs = 0;
  Date.now = () => now() + aheadMs;
  process.on('SIGUSR2', () => { aheadMs = aheadMs > 0 ? -3_600_000 : 6 * 3_600_000; });`;

const title = 'a wall clock that is set changes neither who serves nor the order of times';
const isExecutable = process.env['UNDERSTUDY_EXECUTABLE'] !== undefined;
if (isExecutable)
  test.skip(title, 'needs the sources: the clock of an executable cannot be reached');
else {
  test(title, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'understudy-clock-'));
    const preload = `data:text/javascript,${encodeURIComponent(SET_CLOCK)}`;
    const run = { ...program, args: ['--import', preload, ...program.args] };
    const lab = await startLab({ address: '127.0.20.60' }, directory, run);
    try {
      await play(lab);
    } finally {
      await lab.stop();
    }
    rmSync(directory, { recursive: true, force: true });
  });
}

async function play(lab: Lab): Promise<void> {
  const crew = await Crew.start(lab, 2, seedOf());
  const { address, ports } = lab.plan.options;
  const nfs = new Nfs3Client(openRpc({ address, port: ports.nfs }));
  try {
    const root = await mountRoot(lab);
    const { view } = await lab.status('a');
    const times: number[] = [];
    const makeFile = async (): Promise<void> => {
      const made = accepted('CREATE', await nfs.create(root, `file-${times.length}`));
      const time = made.attributes?.ctime;
      times.push((time?.seconds ?? 0) + (time?.nanoseconds ?? 0) / 1e9);
    };
    await makeFile();
    // Of both boxes, in and out of step; the last two are those of the next primary.
    for (const names of [['a'], ['b'], ['a', 'b'], ['a', 'b']]) {
      await crew.answered();
      crew.takeStallMs();
      for (const name of names) process.kill(lab.pid(name), 'SIGUSR2');
      await crew.during(sleep(WORK_MS));
      await makeFile();
      const stallMs = crew.takeStallMs();
      assert.ok(stallMs <= STALL_MS_MAX, `${stallMs} ms`);
      const status = await lab.status('a');
      assert.is(status.view, view);
      assert.ok(status.boxes.every(({ inSync }) => inSync));
    }
    // Its clock is seven hours behind what the group has had already.
    process.kill(lab.pid('b'), 'SIGUSR2');
    await crew.during(lab.control('a', 'move', { to: 'b' }));
    await crew.during(lab.settled());
    await makeFile();
    await makeFile();
    assert.is(await lab.serving(), 'b');
    for (const [index, time] of times.entries())
      assert.ok(index === 0 || time >= (times[index - 1] ?? 0), `${times}`);
    // It did set them: hours lie between the first and the last.
    assert.ok((times.at(-1) ?? 0) - (times[0] ?? 0) > 5 * 3600, `${times}`);
    await crew.compared();
    await crew.stop();
  } finally {
    nfs.rpc.close();
    crew.close();
  }
}
