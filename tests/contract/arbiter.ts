/** What every `Arbiter` must do, whoever it asks; each kind runs it in one call. */
import * as assert from 'uvu/assert';
import type { Arbiter } from '#core/group/arbiter.ts';
import type { BoxId, View } from '#core/group/entry.ts';
import type { Configuration } from '#core/group/view.ts';
import { suite } from '../support/suite.ts';

/** The boxes of one new group, connected, each with its arbiter. */
export interface ArbiterWorld {
  /** By name, sorted. */
  boxes(): readonly (readonly [BoxId, Arbiter])[];
  /** Awaits an answer while time passes. */
  wait<T>(answer: Promise<T>): Promise<T>;
  /** Everything that runs ends and starts again from its disks. */
  restart(): Promise<void>;
  /** No box can reach anything from now on. */
  cutOff?(): Promise<void>;
  /** Whatever disk the register is on takes nothing more. */
  fillDisk(): void;
}

export interface ArbiterKind {
  readonly mode: string;
  create(): Promise<ArbiterWorld>;
}

/** What the owner reads: starts with a capital or a name, and ends with what ends a sentence. */
const SENTENCE = /^\S.{10,}\.$/s;

export function configuration(
  view: number,
  primary: BoxId,
  inSync: readonly BoxId[],
): Configuration {
  return { view: view as View, primary, inSync };
}

export function arbiterContract(kind: ArbiterKind): void {
  const test = suite(`contract/arbiter: ${kind.mode}`);
  const withWorld: WithWorld = (title, body) => {
    test(title, async () => body(new Driver(await kind.create())));
  };
  decides(withWorld, kind.mode);
  remembers(withWorld);
  fails(withWorld);
}

type WithWorld = (title: string, body: (world: Driver) => Promise<void>) => void;

class Driver {
  readonly world: ArbiterWorld;

  constructor(world: ArbiterWorld) {
    this.world = world;
  }

  get names(): readonly BoxId[] {
    return this.world.boxes().map(([name]) => name);
  }

  /** The first box: it exists in every world. */
  get one(): readonly [BoxId, Arbiter] {
    const [first] = this.world.boxes();
    if (first === undefined) throw new Error('a world without boxes');
    return first;
  }

  propose(arbiter: Arbiter, next: Configuration) {
    return this.world.wait(arbiter.propose(next));
  }

  /** The first box becomes primary of views 1 to `view`, everybody in sync. */
  async reach(view: number): Promise<void> {
    const [name, arbiter] = this.one;
    for (let at = 1; at <= view; at += 1) {
      const answer = await this.propose(arbiter, configuration(at, name, this.names));
      assert.is(answer.kind, 'accepted', `view ${at}`);
    }
  }

  async reads(expected: Configuration): Promise<void> {
    for (const [name, arbiter] of this.world.boxes()) {
      const answer = await this.world.wait(arbiter.read());
      assert.equal(answer, { kind: 'accepted', configuration: expected }, `${name} reads`);
    }
  }
}

function decides(test: WithWorld, mode: string): void {
  test('is empty before the first proposal, and read by all after it', async (driver) => {
    const [name, arbiter] = driver.one;
    assert.is(arbiter.mode, mode);
    assert.equal(await driver.world.wait(arbiter.read()), { kind: 'empty' });
    await driver.reach(1);
    await driver.reads(configuration(1, name, driver.names));
    assert.match(arbiter.condition, SENTENCE);
  });

  test('of concurrent proposals for one view exactly one is accepted', async (driver) => {
    const { names } = driver;
    for (let view = 1; view <= 20; view += 1) {
      const boxes = [...driver.world.boxes()];
      if (view % 2 === 0) boxes.reverse();
      const answers = await driver.world.wait(
        Promise.all(
          boxes.map(([name, arbiter]) => arbiter.propose(configuration(view, name, names))),
        ),
      );
      const winners = answers.filter(({ kind }) => kind === 'accepted');
      assert.is(winners.length, 1, `view ${view}: ${JSON.stringify(answers)}`);
      const [winner] = winners;
      if (winner?.kind !== 'accepted') return;
      for (const answer of answers) {
        if (answer.kind === 'accepted') continue;
        assert.is(answer.kind, 'refused');
        if (answer.kind !== 'refused') continue;
        assert.equal(answer.configuration, winner.configuration);
        assert.match(answer.reason ?? '', SENTENCE);
      }
      await driver.reads(winner.configuration);
    }
  });

  test('a view that does not follow is refused, and the same proposal again is not', async (driver) => {
    await driver.reach(3);
    const [name, arbiter] = driver.one;
    const held = configuration(3, name, driver.names);
    for (const view of [1, 2, 5, 9]) {
      const answer = await driver.propose(arbiter, { ...held, view: view as View });
      assert.is(answer.kind, 'refused', `view ${view}`);
      if (answer.kind === 'refused') assert.equal(answer.configuration, held);
    }
    assert.is((await driver.propose(arbiter, held)).kind, 'accepted');
    await driver.reads(held);
  });

  test('a box that is not in sync may not propose', async (driver) => {
    const [[one, arbiter], second] = [driver.one, driver.world.boxes()[1]];
    if (second === undefined) return;
    const [other, excluded] = second;
    await driver.reach(1);
    const alone = configuration(2, one, [one]);
    assert.is((await driver.propose(arbiter, alone)).kind, 'accepted');
    const answer = await driver.propose(excluded, configuration(3, other, [other]));
    assert.is(answer.kind, 'refused');
    if (answer.kind === 'refused') assert.match(answer.reason ?? '', `${other} is not in sync`);
    await driver.reads(alone);
    const back = await driver.propose(arbiter, configuration(3, one, driver.names));
    assert.is(back.kind, 'accepted');
  });
}

function remembers(test: WithWorld): void {
  test('a restart keeps what was accepted', async (driver) => {
    await driver.reach(4);
    await driver.world.restart();
    const [name, arbiter] = driver.one;
    const held = configuration(4, name, driver.names);
    await driver.reads(held);
    const stale = await driver.propose(arbiter, { ...held, view: 2 as View });
    assert.is(stale.kind, 'refused');
    const next = await driver.propose(arbiter, { ...held, view: 5 as View });
    assert.is(next.kind, 'accepted');
  });
}

function fails(test: WithWorld): void {
  test('what cannot be asked is unreachable, with a sentence', async (driver) => {
    if (driver.world.cutOff === undefined) return;
    await driver.reach(1);
    const [name, arbiter] = driver.one;
    const next = configuration(2, name, [name]);
    await driver.world.cutOff();
    const answer = await driver.propose(arbiter, next);
    assert.is(answer.kind, 'unreachable');
    if (answer.kind === 'unreachable') assert.match(answer.reason, SENTENCE);
    assert.match(arbiter.condition, SENTENCE);
  });

  test('a full disk accepts nothing', async (driver) => {
    await driver.reach(1);
    const [name, arbiter] = driver.one;
    driver.world.fillDisk();
    const answer = await driver.propose(arbiter, configuration(2, name, driver.names));
    assert.is(answer.kind, 'unreachable');
    if (answer.kind === 'unreachable') assert.match(answer.reason, 'disk is full');
    await driver.reads(configuration(1, name, driver.names));
  });
}
