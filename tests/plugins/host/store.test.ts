import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { SILENT } from '#core/log-line.ts';
import type { Store } from '#core/ports/store.ts';
import { openStore } from '#plugins/host/store.ts';
import { storeContract } from '../../contract/store.ts';
import { suite } from '../../support/suite.ts';
import { folder } from './folder.ts';

const test = suite('plugins/host/store');

const open = (path: string, boot = 'one'): Promise<Store> => openStore({ path, boot, log: SILENT });

storeContract({ name: 'lmdb', create: () => open(join(folder(), 'catalog')) });

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'accepted';
}

/** The same numbers for the same seed, so that a failing case can be seen again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('what was committed is there after an orderly end, on the same boot and the next', async () => {
  const path = join(folder(), 'catalog');
  for (const boot of ['one', 'one', 'two']) {
    const store = await open(path, boot);
    const count = store.range('a', 'b', 10).length;
    store.commit([{ key: `a${count}`, value: Buffer.from('x') }]);
    await store.close();
  }
  const store = await open(path, 'two');
  assert.is(store.range('a', 'b', 10).length, 3);
  await store.close();
});

test('every commit survives SIGKILL of the process', async () => {
  const path = join(folder(), 'catalog');
  const child = spawn(process.execPath, [join(import.meta.dirname, 'store-child.ts'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    printed += text;
    if (printed.length > 400) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const acknowledged = Number(printed.trimEnd().split('\n').at(-1));
  assert.ok(acknowledged > 10, printed);
  const { boot } = await import('#plugins/host/boot.ts');
  const store = await open(path, boot());
  assert.ok(Number(store.get('count')) >= acknowledged);
  await store.close();
});

/**
 * A power cut: of the pages written since the flush point the disk has some and not others. The tree must be
 * exactly that of the flush point, whichever they are.
 */
test('a power cut goes back to the last flush point, whichever later pages reached the disk', async () => {
  const random = numbers(11);
  for (let round = 0; round < 4; round += 1) {
    const here = folder();
    const path = join(here, 'catalog');
    const store = await open(path);
    for (let turn = 0; turn < 3; turn += 1) {
      churn(store, random, 60);
      await store.flushed();
    }
    const flushed = readFileSync(path);
    const expected = store.range('k', 'l', 100_000);
    churn(store, random, 60);
    const later = readFileSync(path);
    const cut = join(here, 'after-cut');
    writeFileSync(cut, mixed(flushed, later, random));
    copyFileSync(`${path}-point`, `${cut}-point`);
    const again = await open(cut, 'two');
    assert.equal(again.range('k', 'l', 100_000), expected);
    churn(again, random, 20);
    await again.close();
    await store.close();
  }
});

test('a power cut goes back to what the store was when others began to be waited for', async () => {
  const path = join(folder(), 'catalog');
  const store = await open(path);
  store.commit([{ key: 'a', value: Buffer.from('1') }]);
  await store.flushed(async () => {
    for (let turn = 0; turn < 50; turn += 1)
      store.commit([{ key: 'b', value: Buffer.alloc(5000) }]);
  });
  const cut = `${path}-cut`;
  copyFileSync(path, cut);
  copyFileSync(`${path}-point`, `${cut}-point`);
  const again = await open(cut, 'two');
  assert.is(again.get('a')?.toString(), '1');
  assert.is(again.get('b'), undefined);
  await again.close();
  await store.close();
});

function churn(store: Store, random: (below: number) => number, commits: number): void {
  for (let count = 0; count < commits; count += 1) {
    store.commit(
      Array.from({ length: 30 }, () => ({
        key: `k${random(2000)}`,
        value: random(4) === 0 ? undefined : Buffer.alloc(random(300), random(256)),
      })),
    );
  }
}

function mixed(before: Buffer, after: Buffer, random: (below: number) => number): Buffer {
  const result = Buffer.alloc(after.length);
  before.copy(result);
  for (let offset = 0; offset < after.length; offset += 4096) {
    if (random(2) === 0) after.copy(result, offset, offset, offset + 4096);
  }
  return result;
}

test('a store of a newer format is refused with one sentence', async () => {
  const path = join(folder(), 'catalog');
  await (await open(path)).close();
  const point = readFileSync(`${path}-point`);
  const text = point.toString('latin1').replaceAll('"format":1', '"format":9');
  writeFileSync(`${path}-point`, Buffer.from(text, 'latin1'));
  assert.match(await refusal(open(path)), /store format 9, this program knows 1; start the newer/);
});

test('a file that is no store is refused and left as it is', async () => {
  const path = join(folder(), 'catalog');
  writeFileSync(path, 'not a store');
  assert.match(await refusal(open(path)), /not a store of this program/);
  assert.is(readFileSync(path, 'latin1'), 'not a store');
});

test('a store whose data file was overwritten is refused with one sentence', async () => {
  const path = join(folder(), 'catalog');
  await (await open(path)).close();
  writeFileSync(path, Buffer.alloc(16_384, 'x'));
  assert.match(await refusal(open(path)), /not a store any more/);
  rmSync(path);
  assert.match(await refusal(open(path)), /missing although/);
});

test('a store whose creation was cut off begins anew', async () => {
  const path = join(folder(), 'catalog');
  const { FlushPoint } = await import('#plugins/host/flush-point.ts');
  const point = FlushPoint.open(`${path}-point`, 'one');
  point.begin();
  point.close();
  writeFileSync(path, 'half');
  const store = await open(path, 'two');
  store.commit([{ key: 'a', value: Buffer.from('1') }]);
  assert.is(store.get('a')?.toString(), '1');
  await store.close();
});
