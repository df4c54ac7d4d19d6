import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { SILENT } from '#core/log-line.ts';
import { CLOCK, DISK, LAN, NET, RANDOM, SCRATCH, STORE, SYSCALLS } from '#core/ports/services.ts';
import { Services } from '#core/services.ts';
import { createClock } from '#plugins/host/clock.ts';
import { Coalesced } from '#plugins/host/coalesced.ts';
import { fingerprintOf, loadIdentity } from '#plugins/host/identity.ts';
import { createLog } from '#plugins/host/log.ts';
import { host } from '#plugins/host/plugin.ts';
import { createRandom } from '#plugins/host/random.ts';
import { createScratch } from '#plugins/host/scratch.ts';
import { suite } from '../../support/suite.ts';
import { folder } from './folder.ts';

const test = suite('plugins/host');

function start(stateDirectory: string, services = new Services()) {
  return host.start({
    options: { stateDirectory, logLevel: 'info' },
    log: SILENT,
    get: (key) => services.get(key),
    offer: (key, value) => services.offer(key, value),
  });
}

async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'accepted';
}

test('the plugin offers what it declares, and starts again after its stop', async () => {
  const state = join(folder(), 'new', 'state');
  for (const value of ['first', 'second']) {
    const services = new Services();
    const running = await start(state, services);
    for (const key of host.offers) services.get(key);
    assert.equal(host.offers, [CLOCK, RANDOM, NET, LAN, DISK, SCRATCH, STORE, SYSCALLS]);
    services.get(STORE).commit([{ key: value, value: Buffer.from(value) }]);
    assert.is(services.get(STORE).get('first')?.toString(), 'first');
    const scratch = services.get(SCRATCH).open('scratch', 100);
    assert.is(scratch.readDoubleBE(92), value === 'first' ? 0 : 2 ** 40 + 3);
    scratch.writeDoubleBE(2 ** 40 + 3, 92);
    assert.is(readFileSync(join(state, 'scratch')).readDoubleBE(64 + 92), 2 ** 40 + 3);
    await running.stop();
  }
});

test('scratch memory outlives the process, and not the machine', () => {
  const state = folder();
  const open = (boot: string) => createScratch((path) => join(state, path), boot).open('area', 16);
  open('first boot').write('noted');
  assert.is(open('first boot').toString('latin1', 0, 5), 'noted');
  assert.ok(open('second boot').equals(Buffer.alloc(16)));
  assert.ok(open('first boot').equals(Buffer.alloc(16)));
});

test('a second process on one state directory is refused with one sentence, until SIGKILL frees it', async () => {
  const state = folder();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'lock-child.ts'), state], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const message = await refusal(() => start(state));
  assert.match(message, new RegExp(`^${state}: in use by process ${child.pid}; stop that one, or`));
  child.kill('SIGKILL');
  await once(child, 'close');
  await (await start(state)).stop();
});

test('the wall clock agrees with the system and does not go back', () => {
  const clock = createClock();
  let before = 0;
  for (let round = 0; round < 2000; round += 1) {
    const { seconds, nanoseconds } = clock.wall();
    assert.ok(Number.isInteger(seconds) && Number.isInteger(nanoseconds));
    assert.ok(nanoseconds >= 0 && nanoseconds <= 999_999_999);
    const ms = seconds * 1000 + nanoseconds / 1e6;
    assert.ok(ms >= before - 2.5, `${ms} after ${before}`);
    assert.ok(Math.abs(ms - Date.now()) < 5);
    before = ms;
  }
});

test('a wall clock that is set is followed, and neither the monotonic one nor a timer is', async () => {
  const clock = createClock();
  const system = Date.now;
  const seconds = clock.wall().seconds;
  const from = clock.now();
  try {
    for (const hours of [6, -6]) {
      Date.now = () => system() + hours * 3_600_000;
      assert.ok(Math.abs(clock.wall().seconds - seconds - hours * 3600) <= 2);
      await new Promise<void>((done) => void clock.after(5, done));
    }
  } finally {
    Date.now = system;
  }
  const passedMs = clock.now() - from;
  assert.ok(passedMs >= 8 && passedMs < 2_000, `${passedMs} ms`);
  assert.ok(Math.abs(clock.wall().seconds - seconds) <= 2);
});

test('a timer runs once after its delay, a period again and again, and neither when cancelled', async () => {
  const clock = createClock();
  const seen: string[] = [];
  clock.after(5, () => seen.push('once'));
  clock.after(5, () => seen.push('never')).cancel();
  const period = clock.every(5, () => seen.push('tick'));
  const from = clock.now();
  await new Promise((done) => setTimeout(done, 60));
  period.cancel();
  assert.ok(clock.now() - from >= 55);
  assert.is(seen.filter((what) => what === 'once').length, 1);
  assert.ok(seen.filter((what) => what === 'tick').length >= 2);
  assert.not(seen.includes('never'));
});

test('random bytes have the size asked for and are not handed out twice', () => {
  const random = createRandom();
  const seen = new Set<string>();
  for (let round = 0; round < 1000; round += 1) seen.add(random.bytes(16).toString('hex'));
  assert.is(seen.size, 1000);
  assert.is(random.bytes(0).length, 0);
  assert.is(random.bytes(10_000).length, 10_000);
  const numbers = Array.from({ length: 100 }, () => random.u32());
  assert.ok(numbers.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** 32));
  assert.ok(new Set(numbers).size > 90);
});

test('an identity is made once, kept for its owner only, and found again', async () => {
  const here = folder();
  const first = await loadIdentity(here, 'box-a');
  const second = await loadIdentity(here, 'another name');
  assert.equal(second, first);
  assert.match(first.fingerprint, /^[0-9a-f]{64}$/);
  assert.is(fingerprintOf(first.certificate), first.fingerprint);
  assert.is(statSync(join(here, 'identity.pem')).mode & 0o777, 0o600);
  const other = await loadIdentity(folder(), 'box-a');
  assert.is.not(other.fingerprint, first.fingerprint);
});

test('a damaged identity is refused, not replaced', async () => {
  const here = folder();
  const path = join(here, 'identity.pem');
  writeFileSync(path, 'nothing');
  assert.match(
    await refusal(() => loadIdentity(here, 'box-a')),
    /identity.pem: key or certificate is missing/,
  );
  assert.is(readFileSync(path, 'utf8'), 'nothing');
});

test('log lines are JSON objects, with the path of the part that wrote them', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', human: false, write: (line) => void lines.push(line) });
  log.child('host').child('net').warn('odd peer', { port: 2049 });
  log.debug('not shown');
  const { time, ...rest } = JSON.parse(lines.join('')) as Record<string, unknown>;
  assert.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.equal(rest, { level: 'warn', name: 'host/net', port: 2049, msg: 'odd peer' });
});

test('a person gets text', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', human: true, write: (line) => void lines.push(line) });
  log.child('host').info('listening', { address: '127.0.0.1', ports: [1, 2] });
  assert.match(
    String(lines[0]),
    /^\d\d:\d\d:\d\d\.\d{3} {2}info {3}host {2}listening {2}address=127.0.0.1 {2}ports=\[1,2\]\n$/,
  );
});

test('coalesced work runs for everyone who asked before it began, one at a time', async () => {
  let [runs, active] = [0, 0];
  const work = new Coalesced(async () => {
    runs += 1;
    active += 1;
    assert.is(active, 1);
    await new Promise((done) => setTimeout(done, 5));
    active -= 1;
    if (runs === 2) throw new Error('second fails');
  });
  const first = work.run();
  const [second, third] = [work.run(), work.run()];
  await first;
  assert.match(await refusal(() => second), /second fails/);
  assert.match(await refusal(() => third), /second fails/);
  await work.run();
  await work.settled();
  assert.is(runs, 3);
});
