/**
 * A client that makes each call once and never asks again: of a call that a box did not live to log nobody hears any more.
 * What became of its file is nobody's promise, but it is the same on every box.
 */
import { ROOT_ID } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import type { Seeded } from '../support/seeded.ts';
import type { Box } from './box.ts';
import type { VolumeCall } from './volume-call.ts';
import { VOLUME, type VolumeMachine } from './volume-machine.ts';
import type { World } from './world.ts';

const ROOT = { file: ROOT_ID, generation: 1 };
export const LEFT = 'left' as Name;
const PAUSE_MS_MAX = 20;
const SIZE_MAX = 200;

export class Leaver {
  readonly #world: World;
  readonly #boxes: readonly Box<VolumeMachine>[];
  readonly #chance: Seeded;
  #count = 0;
  isLeft = false;

  constructor(world: World, boxes: readonly Box<VolumeMachine>[], chance: Seeded) {
    this.#world = world;
    this.#boxes = boxes;
    this.#chance = chance;
  }

  start(): void {
    this.#world.after(this.#chance.below(PAUSE_MS_MAX), () => {
      if (this.isLeft) return;
      for (const box of this.#boxes) box.call((machine) => this.#change(machine));
      this.start();
    });
  }

  #change(machine: VolumeMachine): void {
    const volume = machine.service.volume(VOLUME);
    if (volume === undefined) return;
    this.#count += 1;
    const entry = volume.tree.child(ROOT_ID, LEFT);
    const inode = entry && volume.tree.inode(entry.id);
    const call = inode === undefined ? this.#create() : this.#write(inode);
    machine.change(`left-${this.#count}`, call, () => {});
  }

  #create(): VolumeCall {
    const at = { directory: ROOT, name: LEFT };
    return { kind: 'create', at, what: 'file', how: 'guarded', verifier: '', size: 0 };
  }

  #write(handle: { readonly id: number; readonly generation: number }): VolumeCall {
    const chance = this.#chance;
    const to = { file: handle.id, generation: handle.generation } as never;
    if (chance.chance(4)) return { kind: 'truncate', handle: to, size: chance.below(SIZE_MAX) };
    const data = Buffer.alloc(1 + chance.below(64), 1 + chance.below(255));
    const offset = chance.below(SIZE_MAX);
    return { kind: 'write', handle: to, offset, data, stable: chance.chance(2) };
  }
}
