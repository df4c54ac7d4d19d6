import * as assert from 'uvu/assert';
import type { Arbiter, ArbiterAnswer } from '#core/group/arbiter.ts';
import type { BoxId } from '#core/group/entry.ts';
import { SILENT } from '#core/log-line.ts';
import { Gateway } from '#plugins/cluster/arbiter/gateway/gateway.ts';
import { arbiterContract, configuration } from '../../../contract/arbiter.ts';
import { suite } from '../../../support/suite.ts';
import { Machines } from '../support/boxes.ts';

const test = suite('cluster/arbiter/gateway');
const A = 'a' as BoxId;
const B = 'b' as BoxId;
const BOTH = [A, B] as const;

class World {
  readonly machines = new Machines();
  readonly arbiters = new Map<BoxId, Gateway>();
  overrides = false;
  isDefended = false;

  constructor() {
    const partners = [
      [A, B],
      [B, A],
    ] as const;
    for (const [name, partner] of partners) {
      this.machines.add(name, (link, disk) => {
        const { net, clock } = this.machines;
        const references = [{ address: '192.0.2.1', port: 53 }];
        const options = { partner, group: 'main', references, adopts: false };
        const gateway = new Gateway(
          { ...options, overrides: this.overrides },
          { link, disk, net, clock, log: SILENT, isDefended: async () => this.isDefended },
        );
        this.arbiters.get(name)?.stop();
        this.arbiters.set(name, gateway);
      });
    }
  }

  /** Both boxes are in sync in view 1, `a` is primary. */
  async paired(): Promise<this> {
    await this.machines.start(A, B);
    assert.is((await this.propose(A, 1, A, BOTH)).kind, 'accepted');
    return this;
  }

  propose(
    by: BoxId,
    view: number,
    primary: BoxId,
    inSync: readonly BoxId[],
  ): Promise<ArbiterAnswer> {
    return this.machines.wait(this.#arbiter(by).propose(configuration(view, primary, inSync)));
  }

  async stop(name: BoxId): Promise<void> {
    this.#arbiter(name).stop();
    await this.machines.stop(name);
  }

  condition(of: BoxId): string {
    return this.#arbiter(of).condition;
  }

  async view(of: BoxId): Promise<string> {
    const answer = await this.machines.wait(this.#arbiter(of).read());
    if (answer.kind !== 'accepted') return answer.kind;
    const { view, primary, inSync } = answer.configuration;
    return `${view} ${primary} (${inSync.join()})`;
  }

  #arbiter(name: BoxId): Gateway {
    const arbiter = this.arbiters.get(name);
    if (arbiter === undefined) throw new Error(`no arbiter ${name}`);
    return arbiter;
  }
}

function assertRefused(answer: ArbiterAnswer, pattern: string): void {
  assert.is(answer.kind, 'unreachable', JSON.stringify(answer));
  if (answer.kind === 'unreachable') assert.match(answer.reason, pattern);
}

arbiterContract({
  mode: 'gateway',
  async create() {
    const world = new World();
    const { machines } = world;
    await machines.start(A, B);
    return {
      boxes: () => [...world.arbiters] as readonly (readonly [BoxId, Arbiter])[],
      wait: (answer) => machines.wait(answer),
      async restart() {
        await machines.stop(A, B);
        await machines.start(A, B);
      },
      async cutOff() {
        machines.net.cut = true;
        machines.net.reachable = false;
      },
      fillDisk() {
        for (const name of BOTH) machines.disk(name).isFull = true;
      },
    };
  },
});

test('either box goes on alone when its partner dies and the gateway answers', async () => {
  for (const [survivor, dead] of [
    [A, B],
    [B, A],
  ] as const) {
    const world = await new World().paired();
    await world.stop(dead);
    assert.is((await world.propose(survivor, 2, survivor, [survivor])).kind, 'accepted');
  }
});

test('a partner that is connected and frozen is silent', async () => {
  const world = await new World().paired();
  world.machines.net.cut = true;
  assert.is((await world.propose(B, 2, B, [B])).kind, 'accepted');
});

test('a box that is cut off does not go on, not even when the gateway is back before its partner', async () => {
  const world = await new World().paired();
  await world.stop(B);
  world.machines.net.reachable = false;
  assertRefused(await world.propose(A, 2, A, [A]), 'this box is cut off');
  assert.match(world.condition(A), /^Neither b nor a reference/);
  world.machines.net.reachable = true;
  assertRefused(await world.propose(A, 2, A, [A]), 'went on alone meanwhile: start b');
  await world.machines.start(B);
  assert.is((await world.propose(A, 2, A, BOTH)).kind, 'accepted');
});

test('a box that was cut off for a moment learns of its partner again, and stands in for it', async () => {
  const world = await new World().paired();
  const { net, clock } = world.machines;
  net.cut = true;
  net.reachable = false;
  assertRefused(await world.propose(A, 2, A, [A]), 'this box is cut off');
  net.cut = false;
  net.reachable = true;
  await clock.pass(1_000);
  await world.stop(B);
  assert.is((await world.propose(A, 2, A, [A])).kind, 'accepted');
});

test('a box that starts waits for the partner that may have gone on, and follows it', async () => {
  const world = await new World().paired();
  await world.stop(A);
  assert.is((await world.propose(B, 2, B, [B])).kind, 'accepted');
  await world.stop(B);
  await world.machines.start(A);
  assertRefused(await world.propose(A, 2, A, [A]), 'start b');
  await world.machines.start(B);
  assert.is(await world.view(A), '3 b (b)');
  const late = await world.propose(A, 4, A, BOTH);
  assert.is(late.kind, 'refused');
  await world.stop(B);
  assert.is((await world.propose(A, 4, A, [A])).kind, 'refused', 'it never was in sync again');
});

test('the box that was alone in sync goes on by itself after a restart', async () => {
  const world = await new World().paired();
  await world.stop(A);
  assert.is((await world.propose(B, 2, B, [B])).kind, 'accepted');
  await world.stop(B);
  await world.machines.start(B);
  assert.is((await world.propose(B, 4, B, [B])).kind, 'accepted');
});

test('the owner may override', async () => {
  const world = await new World().paired();
  await world.stop(A);
  await world.stop(B);
  world.overrides = true;
  await world.machines.start(A);
  assert.is((await world.propose(A, 2, A, [A])).kind, 'accepted');
});

test('a box that stood still no longer knows what its partner did', async () => {
  const world = await new World().paired();
  await world.stop(B);
  world.machines.clock.jump(1_000);
  assertRefused(await world.propose(A, 2, A, [A]), 'start b');
});

test('a service address that somebody defends is not taken', async () => {
  const world = await new World().paired();
  await world.stop(B);
  world.isDefended = true;
  assertRefused(await world.propose(A, 2, A, [A]), 'somebody answers for the service address');
});

test('the exposed case: both went on, in views that are never the same, and the higher one has its way', async () => {
  const world = await new World().paired();
  assert.match(world.condition(A), 'both go on alone');
  world.machines.net.cut = true;
  assert.is((await world.propose(A, 2, A, [A])).kind, 'accepted');
  assert.is((await world.propose(B, 2, B, [B])).kind, 'accepted');
  await world.machines.clock.pass(6_000);
  world.machines.net.cut = false;
  await world.machines.clock.pass(1_000);
  assert.is(await world.view(A), '3 b (b)');
  assert.is(await world.view(B), '3 b (b)');
});
