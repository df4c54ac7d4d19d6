/** One box over LMDB and a folder, killed at any moment: what it answered is there, in catalog, content and folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { Seeded, seedOf } from '../../../support/seeded.ts';
import { suite } from '../../../support/suite.ts';

/** Kills of each test; KILLS of the environment for a long run. */
const KILLS = Number(process.env['KILLS'] ?? 4);
const MODES = (process.env['MODES'] ?? '').split(',').filter((mode) => mode !== '');
const test = suite('cluster/replication/killed', { secondsMax: 30 + 10 * KILLS });

const PROGRAM = join(import.meta.dirname, 'killed-box.ts');
/** Calls to the file system that a box makes at most before it kills itself: while it starts, and while it works. */
const FUSES = [100, 1000, 5000] as const;
/** Milliseconds of work before a kill. */
const WORK_MS_MAX = 500;

async function run(seed: number, modes: readonly string[]): Promise<void> {
  const seeded = new Seeded(seed);
  const folder = mkdtempSync(join(tmpdir(), 'understudy-killed-'));
  mkdirSync(join(folder, 'state'));
  try {
    let mode = 'plain';
    for (let kill = 0; kill < KILLS; kill += 1) {
      await killed(folder, seeded, mode, `seed ${seed}, kill ${kill} (${mode})`);
      mode = seeded.pick(modes);
    }
    const said = await ended(start(folder, seeded, mode, -1));
    assert.is(said.code, 0, `seed ${seed}, at the end (${mode}): ${said.text}`);
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    process.stdout.write(`kept for a look: ${folder}\n`);
    throw error;
  }
}

function start(folder: string, seeded: Seeded, mode: string, fuse: number): ChildProcess {
  const args = [PROGRAM, folder, String(1 + seeded.below(1_000_000)), mode, String(fuse)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** From outside at a moment, or by itself between two calls to the file system. */
async function killed(folder: string, seeded: Seeded, mode: string, title: string): Promise<void> {
  const fuse = seeded.chance(2) ? 1 + seeded.below(seeded.pick(FUSES)) : 0;
  const child = start(folder, seeded, mode, fuse);
  const end = ended(child);
  if (fuse === 0) {
    if (!seeded.chance(4)) await Promise.race([once(child.stdout as never, 'data'), end]);
    await Promise.race([pause(seeded.below(WORK_MS_MAX)), end]);
    child.kill('SIGKILL');
  }
  const { code, text } = await end;
  assert.is(code, null, `${title}: ${text}`);
}

async function ended(child: ChildProcess): Promise<{ code: number | null; text: string }> {
  let text = '';
  child.stdout?.on('data', (bytes) => {
    text += String(bytes);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
}

test('a box that is killed again and again has what it answered', () =>
  run(seedOf(), MODES.length > 0 ? MODES : ['plain', 'rejoin', 'power', 'power-rejoin']));
