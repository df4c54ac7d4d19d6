import * as assert from 'uvu/assert';
import * as v from 'valibot';
import { Kernel, KernelError, type KernelOptions, type Timers } from '#core/kernel.ts';
import { SILENT } from '#core/log-line.ts';
import { type Plugin, plugin } from '#core/plugin.ts';
import { type ServiceKey, Services, service } from '#core/services.ts';
import { suite } from '../support/suite.ts';

const test = suite('core/kernel');

const CLOCK = service<string>('clock');
const STORE = service<string>('store');
const LINK = service<string>('link');

/** Time that stands still until a test moves it. */
class TestTimers implements Timers {
  #now = 0;
  #waiting: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): { cancel(): void } {
    const timer = { at: this.#now + delayMs, run };
    this.#waiting.push(timer);
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== timer);
      },
    };
  }

  async move(ms: number): Promise<void> {
    await new Promise(setImmediate);
    this.#now += ms;
    const due = this.#waiting.filter((timer) => timer.at <= this.#now);
    this.#waiting = this.#waiting.filter((timer) => timer.at > this.#now);
    for (const { run } of due) run();
    await new Promise(setImmediate);
  }

  get open(): number {
    return this.#waiting.length;
  }
}

interface Part {
  readonly needs?: readonly ServiceKey<string>[];
  readonly offers?: readonly ServiceKey<string>[];
  start?(): void | Promise<void>;
  stop?(): void | Promise<void>;
}

/** A plugin that writes down when it starts and stops. */
function part(
  id: string,
  diary: string[],
  { needs = [], offers = [], ...rest }: Part = {},
): Plugin {
  return plugin({
    id,
    kind: 'host',
    needs,
    offers,
    options: {},
    async start(context) {
      for (const need of needs) context.get(need);
      await rest.start?.();
      for (const key of offers) context.offer(key, id);
      diary.push(`+${id}`);
      return {
        async stop() {
          await rest.stop?.();
          diary.push(`-${id}`);
        },
      };
    },
  });
}

function kernel(
  plugins: readonly Plugin[],
  more: Partial<KernelOptions> & { timers?: Timers; services?: Services } = {},
): Kernel {
  const { timers = new TestTimers(), services = new Services(), ...options } = more;
  return new Kernel({ plugins, options: {}, ...options }, { timers, services, log: SILENT });
}

function complaint(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof KernelError) return error.sentences;
    throw error;
  }
  return [];
}

async function rejection(work: Promise<unknown>): Promise<readonly string[]> {
  try {
    await work;
  } catch (error) {
    if (error instanceof KernelError) return error.sentences;
    throw error;
  }
  return [];
}

test('plugins start by need, as listed among equals, and stop in reverse', async () => {
  const diary: string[] = [];
  const subject = kernel([
    part('protocol/nfs', diary, { needs: [STORE, LINK] }),
    part('cluster/link', diary, { needs: [CLOCK], offers: [LINK] }),
    part('host', diary, { offers: [CLOCK, STORE] }),
    part('fs/memory', diary),
    part('control', diary),
  ]);
  await subject.start();
  await subject.stop();
  assert.is(
    diary.join(' '),
    '+host +cluster/link +protocol/nfs +fs/memory +control -control -fs/memory -protocol/nfs -cluster/link -host',
  );
});

test('what the program offers satisfies needs', async () => {
  const services = new Services();
  services.offer(CLOCK, 'given');
  const diary: string[] = [];
  await kernel([part('a', diary, { needs: [CLOCK] })], { services }).start();
  assert.equal(diary, ['+a']);
  assert.equal(
    complaint(() => kernel([part('a', diary, { offers: [CLOCK] })], { services })),
    ['a: offers clock, as does the program itself'],
  );
});

test('missing offers, double offers and double plugins are told before anything starts', () => {
  const diary: string[] = [];
  const plugins = [
    part('a', diary, { needs: [CLOCK], offers: [LINK] }),
    part('b', diary, { offers: [LINK] }),
    part('b', diary, {}),
  ];
  assert.equal(
    complaint(() => kernel(plugins)),
    [
      'b: is listed more than once',
      'b: offers link, as does a',
      'a: needs clock, which no plugin offers',
    ],
  );
  assert.equal(diary, []);
});

test('plugins that wait for each other are named, without those that merely wait for them', () => {
  const plugins = [
    part('waits', [], { needs: [LINK] }),
    part('a', [], { needs: [STORE], offers: [LINK] }),
    part('b', [], { needs: [LINK], offers: [STORE] }),
  ];
  assert.equal(
    complaint(() => kernel(plugins)),
    ['plugins wait for each other: a needs store of b, b needs link of a'],
  );
});

test('options are checked before anything starts, and those of no plugin are refused', () => {
  const options = {
    port: { schema: v.optional(v.pipe(v.number(), v.maxValue(9)), 1), help: 'P.' },
  };
  const nfs = plugin({
    id: 'protocol/nfs',
    kind: 'protocol',
    needs: [],
    offers: [],
    options,
    start: () => ({ stop() {} }),
  });
  assert.equal(
    complaint(() =>
      kernel([nfs], { options: { 'protocol/nsf': {}, 'protocol/nfs': { port: 10 } } }),
    ),
    [
      'protocol/nsf: options for a plugin that is not there (did you mean protocol/nfs?)',
      'protocol/nfs: port: 10 is above 9 (P)',
    ],
  );
});

test('a failed start stops the others in reverse and names plugin, needs and milliseconds', async () => {
  const diary: string[] = [];
  const timers = new TestTimers();
  const plugins = [
    part('a', diary, { offers: [CLOCK] }),
    part('b', diary),
    part('c', diary, {
      needs: [CLOCK],
      start: async () => {
        await timers.move(7);
        throw new Error('port 2049 is in use');
      },
    }),
    part('d', diary),
  ];
  const subject = kernel(plugins, { timers });
  assert.equal(await rejection(subject.start()), [
    'c: did not start: port 2049 is in use (after 7 ms; it needs clock)',
  ]);
  assert.equal(diary, ['+a', '+b', '-b', '-a']);
  assert.is(timers.open, 0);
  assert.is(subject.services.has(CLOCK), false);
  assert.equal(
    subject.boot().map(({ id, state }) => `${id} ${state}`),
    ['a stopped', 'c failed', 'b stopped', 'd waiting'],
  );
});

test('a start that takes too long is given up, and stopped if it ends after all', async () => {
  const diary: string[] = [];
  const timers = new TestTimers();
  let finish = (): void => {};
  const slow = part('slow', diary, {
    start: () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  });
  const outcome = rejection(kernel([slow], { timers, startMsMax: 100 }).start());
  await timers.move(100);
  assert.equal(await outcome, [
    'slow: did not start: no end within 100 ms (after 100 ms; it needs nobody)',
  ]);
  finish();
  await new Promise(setImmediate);
  assert.equal(diary, ['+slow', '-slow']);
});

test('a stop that fails or hangs is told and does not keep the others', async () => {
  const diary: string[] = [];
  const timers = new TestTimers();
  const plugins = [
    part('a', diary),
    part('b', diary, { stop: () => new Promise(() => {}) }),
    part('c', diary, {
      stop: () => {
        throw new Error('disk is gone');
      },
    }),
  ];
  const subject = kernel(plugins, { timers, stopMsMax: 50 });
  await subject.start();
  const outcome = rejection(subject.stop());
  await timers.move(50);
  assert.equal(await outcome, [
    'c: did not stop: disk is gone (after 0 ms)',
    'b: did not stop: no end within 50 ms (after 50 ms)',
  ]);
  assert.equal(diary, ['+a', '+b', '+c', '-a']);
});

test('a stop during the boot waits for the start under way and starts nothing more', async () => {
  const diary: string[] = [];
  let finish = (): void => {};
  const a = part('a', diary, {
    start: () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  });
  const subject = kernel([a, part('b', diary)]);
  const started = subject.start();
  await new Promise(setImmediate);
  const stopped = subject.stop();
  finish();
  await Promise.all([started, stopped]);
  assert.equal(diary, ['+a', '-a']);
});

test('what a plugin has not declared it can neither get nor offer, nor leave unoffered', async () => {
  const undeclared = (start: Plugin['start']): Plugin => ({ ...part('x', []), start });
  const starts: readonly [Plugin, RegExp][] = [
    [undeclared((context) => context.get(CLOCK) as never), /x does not say that it needs clock/],
    [
      undeclared((context) => {
        context.offer(CLOCK, 'x');
        return { stop() {} };
      }),
      /x does not say that it offers clock/,
    ],
    [
      { ...part('x', [], { offers: [CLOCK] }), start: () => ({ stop() {} }) },
      /it has not offered clock/,
    ],
  ];
  for (const [subject, expected] of starts) {
    const [sentence = ''] = await rejection(kernel([subject]).start());
    assert.match(sentence, expected);
  }
});

test('the boot tree hangs each plugin below the last of its needs', async () => {
  const timers = new TestTimers();
  const subject = kernel(
    [
      part('host', [], { offers: [CLOCK], start: () => timers.move(12) }),
      part('cluster/link', [], { needs: [CLOCK], offers: [LINK] }),
      part('protocol/nfs', [], { needs: [CLOCK, LINK] }),
      part('fs/memory', []),
    ],
    { timers },
  );
  assert.is(subject.tree().split('\n')[0], 'host              waiting');
  await subject.start();
  assert.is(
    subject.tree(),
    [
      'host              started      12 ms',
      '  cluster/link    started       0 ms',
      '    protocol/nfs  started       0 ms',
      'fs/memory         started       0 ms',
    ].join('\n'),
  );
});
