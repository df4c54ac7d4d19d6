/** Guests in the kernel: whatever is wrong with one costs nobody but itself. */
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import { Kernel } from '#core/kernel.ts';
import type { Log } from '#core/log-line.ts';
import { type Plugin, type PluginContext, plugin, type Running } from '#core/plugin.ts';
import { type ServiceKey, service } from '#core/services.ts';
import { suite } from '../support/suite.ts';

const test = suite('core/guests');

const CLOCK = service<string>('clock');
const STORE = service<string>('store');
const EXTRA = service<string>('extra');
const TIMERS = {
  now: () => performance.now(),
  after(delayMs: number, run: () => void) {
    const timer = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
const NOTHING: Running = { stop() {} };

interface Parts {
  readonly needs?: readonly ServiceKey<string>[];
  readonly offers?: readonly ServiceKey<string>[];
  start(context: PluginContext<{ readonly size: number }>): Running | Promise<Running>;
}

function guest(id: string, { needs = [], offers = [], start }: Parts): Plugin {
  const size = { schema: v.optional(v.number(), 1), help: 'Size.' };
  return plugin({ id, kind: 'control', needs, offers, options: { size }, start }) as Plugin;
}

/** A box of two plugins of ours, with these guests and their options, and what its log says of them. */
function box(guests: readonly Plugin[], options: Record<string, unknown> = {}) {
  const said: string[] = [];
  const note = (message: string) => void said.push(message.replaceAll(/\d+ ms/g, 'N ms'));
  const log: Log = { debug() {}, info() {}, warn: note, error: note, child: () => log };
  const diary: string[] = [];
  const house = (id: string, needs: readonly ServiceKey<string>[], offer: ServiceKey<string>) =>
    plugin({
      id,
      kind: 'host',
      needs,
      offers: [offer],
      options: {},
      start(context) {
        context.offer(offer, id);
        diary.push(`+${id}`);
        return { stop: () => void diary.push(`-${id}`) };
      },
    });
  const plugins = [house('host', [], CLOCK), house('group', [CLOCK], STORE)];
  const kernel = new Kernel({ plugins, guests, options, guestMsMax: 30 }, { timers: TIMERS, log });
  return { kernel, said, diary };
}

const FAILURES: readonly (readonly [string, Parts, sentence: string])[] = [
  [
    'throws',
    {
      start: () => {
        throw new Error('no luck');
      },
    },
    'guest stopped: guest/x: did not start: no luck (after N ms; it needs nobody)',
  ],
  [
    'hangs at start',
    { start: () => new Promise(() => {}) },
    'guest stopped: guest/x: did not start: no end within N ms (after N ms; it needs nobody)',
  ],
  [
    'asks for what it did not declare',
    {
      needs: [CLOCK],
      start(context) {
        context.get(STORE);
        return NOTHING;
      },
    },
    'guest stopped: guest/x: did not start: guest/x does not say that it needs store (after N ms; it needs clock)',
  ],
  [
    'offers what it did not declare',
    {
      start(context) {
        context.offer(EXTRA, 'x');
        return NOTHING;
      },
    },
    'guest stopped: guest/x: did not start: guest/x does not say that it offers extra (after N ms; it needs nobody)',
  ],
  [
    'offers what is ours',
    { offers: [STORE], start: () => NOTHING },
    'guest left out: group: offers store, as does guest/x',
  ],
  [
    'needs what nobody offers',
    { needs: [EXTRA], start: () => NOTHING },
    'guest left out: guest/x: needs extra, which no plugin offers',
  ],
];

for (const [title, parts, sentence] of FAILURES) {
  test(`a guest that ${title} is named and stopped, the box is not`, async () => {
    const { kernel, said, diary } = box([guest('guest/x', parts)]);
    await kernel.start();
    assert.equal(said, [sentence]);
    assert.equal(diary, ['+host', '+group']);
    await kernel.stop();
    assert.equal(diary.slice(2), ['-group', '-host']);
  });
}

test('a guest with wrong options, or with an id of ours, is left out', () => {
  const start = () => NOTHING;
  const { said } = box(
    [guest('guest/x', { start }), guest('guest/y', { start }), guest('host', { start })],
    { 'guest/x': { size: 'big' } },
  );
  assert.equal(said, [
    "guest left out: guest/x: size: 'big' must be a number (Size)",
    'guest left out: host: is listed more than once',
  ]);
});

test('guests start as soon as they can, one may need another, and both stop', async () => {
  const diary: string[] = [];
  const noted = (id: string, parts: Partial<Parts> = {}) =>
    guest(id, {
      ...parts,
      start(context) {
        for (const key of parts.offers ?? []) context.offer(key, id);
        diary.push(`+${id}`);
        return { stop: () => void diary.push(`-${id}`) };
      },
    });
  const { kernel, said } = box([
    noted('guest/a', { needs: [CLOCK], offers: [EXTRA] }),
    noted('guest/b', { needs: [EXTRA] }),
  ]);
  await kernel.start();
  assert.equal(
    kernel.boot().map(({ id }) => id),
    ['host', 'guest/a', 'guest/b', 'group'],
  );
  await kernel.stop();
  assert.equal(diary, ['+guest/a', '+guest/b', '-guest/b', '-guest/a']);
  assert.equal(said, []);
});

test('a guest that does wrong while it runs is dismissed, once', async () => {
  const stops: string[] = [];
  const start = () => ({ stop: () => void stops.push('x') });
  const { kernel, said } = box([guest('guest/x', { start })]);
  await kernel.start();
  await kernel.dismiss('guest/x', 'broke a thing');
  await kernel.dismiss('guest/x', 'broke a thing');
  await kernel.dismiss('host', 'is no guest');
  assert.equal(said, ['guest stopped: guest/x: broke a thing']);
  await kernel.stop();
  assert.equal(stops, ['x']);
});

test('a guest that does wrong before it has started is stopped when it has', async () => {
  const stops: string[] = [];
  const { kernel, said } = box([
    guest('guest/x', {
      async start() {
        await kernel.dismiss('guest/x', 'broke a thing');
        return { stop: () => void stops.push('x') };
      },
    }),
  ]);
  await kernel.start();
  assert.equal(said, [
    'guest stopped: guest/x: did not start: broke a thing (after N ms; it needs nobody)',
  ]);
  assert.equal(stops, ['x']);
  await kernel.stop();
});

test('whoever has something to hand over does so while everything still works', async () => {
  const diary: string[] = [];
  const part = (id: string, leave?: () => Promise<void>) =>
    plugin({
      id,
      kind: 'host',
      needs: [],
      offers: [],
      options: {},
      start: () => ({ stop: () => void diary.push(`-${id}`), ...(leave && { leave }) }),
    });
  const said: string[] = [];
  const log: Log = {
    ...{ debug() {}, info() {}, error() {} },
    warn: (message) => void said.push(message),
    child: () => log,
  };
  const plugins = [
    part('a', async () => void diary.push('a leaves')),
    part('b', () => Promise.reject(new Error('nobody there'))),
    part('c'),
  ];
  const kernel = new Kernel({ plugins, options: {} }, { timers: TIMERS, log });
  await kernel.start();
  await kernel.stop();
  assert.equal(diary, ['a leaves', '-c', '-b', '-a']);
  assert.equal(said, ['b: has not handed over: nobody there']);
});
