/** What the boxes of a run hold and what its clients do: registers, or a volume. */
import type { BoxId } from '#core/group/entry.ts';
import type { LogOptions } from '#core/group/log.ts';
import { Seeded } from '../support/seeded.ts';
import type { Register } from './arbiter.ts';
import { Box } from './box.ts';
import { Client } from './client.ts';
import { History } from './history.ts';
import { Leaver } from './leaver.ts';
import type { Broken, Machine, SimClient } from './machine.ts';
import type { Net } from './net.ts';
import { RegisterKeeper } from './register-machine.ts';
import { VolumeClient } from './volume-client.ts';
import { VolumeLedger } from './volume-ledger.ts';
import { VolumeKeeper } from './volume-machine.ts';
import type { World } from './world.ts';

export interface Scenario {
  readonly boxes: readonly Box<Machine>[];
  readonly clients: readonly SimClient[];
  /** Makes calls that are not made again, until it is told to leave. */
  readonly leaver?: Leaver | undefined;
  /** In words. */
  readonly setting: string;
  /** Changes that were answered. */
  readonly count: number;
  /** Everything has come to rest: throws `SimFailure` where what was told cannot be true. */
  check(inSync: readonly BoxId[]): void;
}

/** What a run is made of, whatever its boxes hold. */
export interface Ground {
  readonly world: World;
  readonly net: Net;
  readonly register: Register;
  readonly members: readonly BoxId[];
  readonly steps: number;
  readonly broken: Broken | undefined;
  /** Boxes lose power. */
  readonly power: boolean;
  /** Of runs in which processes end in the middle of writes. */
  readonly tears: Seeded | undefined;
  readonly log: LogOptions;
  /** Somebody sets the boxes' wall clocks all the time: hours forward, hours back, each on its own. */
  readonly setsClocks: boolean;
}

const CLIENTS = 3;
/** Milliseconds between two settings of a clock, and seconds that it may be wrong by. */
const SET_EVERY_MS = 700;
const AHEAD_SECONDS_MAX = 12 * 3600;

export function registers(ground: Ground): Scenario {
  const { world } = ground;
  const boxes = makeBoxes(ground, (persistent) => new RegisterKeeper(persistent));
  const history = new History(boxes);
  const clients = Array.from({ length: CLIENTS }, (_, index) => {
    // Power cuts may take what is not stable, and nobody is told: all changes ask for stable storage.
    const options = { name: `c${index}`, keys: 4, stableOneIn: ground.power ? 1 : 2 };
    return new Client(options, Math.ceil(ground.steps / CLIENTS), world, boxes, history);
  });
  return {
    boxes,
    clients,
    setting: 'registers',
    get count() {
      return history.count;
    },
    check: (inSync) => {
      history.check(inSync);
      if (!ground.power) history.checkAside();
    },
  };
}

export function volumes(ground: Ground): Scenario {
  const { world, power } = ground;
  const durability = !power && world.random.chance(4) ? 'memory' : 'disk';
  const boxes = makeBoxes(ground, (persistent) => new VolumeKeeper({ persistent, durability }));
  const shortLogs = ground.log.sizeMax !== undefined;
  const ledger = new VolumeLedger({ power, shortLogs });
  const clients = Array.from({ length: CLIENTS }, (_, index) => {
    const calls = Math.ceil(ground.steps / CLIENTS);
    return new VolumeClient(`c${index}`, calls, world, boxes, ledger);
  });
  // A power cut may leave bytes of calls that no log names any more, and nobody sends again.
  const leaver = ground.tears && !power ? new Leaver(world, boxes, ground.tears) : undefined;
  const kinds = boxes.map(({ id, machine }) =>
    machine.keeper.options.persistent ? `${id} keeps content` : `${id} forgets content`,
  );
  return {
    boxes,
    clients,
    leaver,
    setting: `durability ${durability}, ${kinds.join(', ')}`,
    get count() {
      return ledger.count;
    },
    check: (inSync) => {
      const whole = boxes.filter((box) => inSync.includes(box.id));
      ledger.check(
        whole,
        clients.map((client) => client.model),
      );
      if (!power && !shortLogs) ledger.checkAside(boxes);
    },
  };
}

function makeBoxes<M extends Machine>(
  ground: Ground,
  makeKeeper: (persistent: boolean) => ConstructorParameters<typeof Box<M>>[1],
): Box<M>[] {
  const { world, net, register, members, broken, log, setsClocks } = ground;
  return members.map((id, index) => {
    const drift = world.between(-0.02, 0.02);
    const keeper = makeKeeper(index === 0 || world.random.chance(2));
    const wallAhead = setsClocks ? wallOf(index) : undefined;
    return new Box({ id, members, drift, broken, log, wallAhead }, keeper, world, net, register);
  });
}

/** A wall clock that is set anew every so often. Without the run's own chance: everything else is as it was. */
function wallOf(index: number): (nowMs: number) => number {
  return (nowMs) => {
    const turn = Math.floor(nowMs / SET_EVERY_MS);
    const dice = new Seeded(1 + index + 16 * turn);
    for (let round = 0; round < 4; round += 1) dice.below(2);
    return dice.below(2 * AHEAD_SECONDS_MAX) - AHEAD_SECONDS_MAX;
  };
}
