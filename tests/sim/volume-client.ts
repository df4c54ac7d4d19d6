/**
 * A client of the volume with a folder of its own: one call after the other, sent again to another box until it is
 * answered; what it wrote UNSTABLE it keeps until a COMMIT with the same write verifier, as NFS clients do.
 */
import { ROOT_ID } from '#core/vfs/inode.ts';
import type { Box } from './box.ts';
import { refuseTwoPrimaries, SimFailure } from './history.ts';
import type { SimClient } from './machine.ts';
import type { Answer, At, VolumeCall } from './volume-call.ts';
import { contentOf, differ, drawn, type VolumeLedger } from './volume-ledger.ts';
import type { VolumeMachine } from './volume-machine.ts';
import { type Dirty, VolumeModel } from './volume-model.ts';
import type { World } from './world.ts';

const NETWORK_MS: readonly [number, number] = [0.1, 2];
const RETRY_MS: readonly [number, number] = [60, 300];
const PAUSE_MS: readonly [number, number] = [0, 12];
/** Milliseconds after which a call that was answered comes once more, from some old queue. */
const LATE_MS: readonly [number, number] = [5, 500];
const LATE_ONE_IN = 6;
const SIZE_MAX = 200;
const DATA_MAX = 64;
/** Two of them are one to clients that see no case. */
const NAMES = ['a', 'A', 'b', 'c', 'd'];
const STREAMS = ['s', 'S', 't'];
const VALUES = ['', 'red', 'blue'];
const ROOT = { file: ROOT_ID, generation: 1 };

type VolumeBox = Box<VolumeMachine>;
type Asks = (machine: VolumeMachine, reply: (answer: unknown) => void) => void;

export class VolumeClient implements SimClient {
  readonly model = new VolumeModel();
  readonly #name: string;
  readonly #world: World;
  readonly #boxes: readonly VolumeBox[];
  readonly #ledger: VolumeLedger;
  #count = 0;
  #target = 0;
  /** Calls still to make, before what is dirty is made safe. */
  #left: number;
  /** To be written again: a COMMIT said that it may be lost. */
  #lost: Dirty[] = [];
  #hasFolder = false;
  done = false;

  constructor(
    name: string,
    calls: number,
    world: World,
    boxes: readonly VolumeBox[],
    ledger: VolumeLedger,
  ) {
    this.#name = name;
    this.#left = calls;
    this.#world = world;
    this.#boxes = boxes;
    this.#ledger = ledger;
  }

  start(): void {
    const { random } = this.#world;
    const lost = this.#lost.shift();
    const dirty = this.model.dirtyFiles();
    if (!this.#hasFolder) this.#makeFolder();
    else if (lost !== undefined) this.#writeAgain(lost);
    else if (this.#left > 0) {
      this.#left -= 1;
      const kind = random.below(10);
      if (kind === 0) this.#look();
      else if (kind === 1) this.#readFile();
      else if (kind === 2 && dirty.length > 0) this.#commit(random.pick(dirty));
      else this.#change(this.#choose());
    } else if (dirty.length > 0) this.#commit(random.pick(dirty));
    else this.done = true;
  }

  #makeFolder(): void {
    const at = { directory: ROOT, name: this.#name };
    const how = { how: 'guarded', verifier: '', size: 0 } as const;
    this.#make({ kind: 'create', at, what: 'directory', ...how }, (key, answer) => {
      if (answer.made === undefined) throw new SimFailure(`${key}: folder ${answer.status}`);
      this.#ledger.made(key, answer.made);
      this.model.made(0, answer.made, 0);
      this.#hasFolder = true;
    });
  }

  #choose(): VolumeCall {
    const { random } = this.#world;
    const known = this.model.tree.known();
    const handle = () => this.model.handle(random.pick(known));
    const at = (): At => ({ directory: this.#directory(), name: random.pick(NAMES) });
    const kind = random.below(20);
    if (kind < 4) return this.#createCall(at());
    if (kind < 8) {
      const data = Buffer.alloc(1 + random.below(DATA_MAX), 1 + random.below(255));
      const [offset, stable] = [random.below(SIZE_MAX), random.chance(2)];
      return { kind: 'write', handle: handle(), offset, data, stable };
    }
    if (kind < 10) return { kind: 'truncate', handle: handle(), size: random.below(SIZE_MAX) };
    if (kind < 12) return { kind: 'rename', from: at(), to: at() };
    if (kind < 14) return { kind: 'remove', at: at() };
    if (kind < 15) return { kind: 'remove-directory', at: at() };
    if (kind < 16) return { kind: 'link', handle: handle(), at: at() };
    const name = random.pick(STREAMS);
    if (kind < 18) return { kind: 'create-stream', handle: handle(), name };
    if (kind < 19 && random.chance(2)) {
      return { kind: 'set-attribute', handle: handle(), name: 'x', value: random.pick(VALUES) };
    }
    if (kind < 19) return { kind: 'remove-stream', handle: handle(), name };
    return { kind: 'rename-stream', handle: handle(), name, target: random.pick(STREAMS) };
  }

  /** Mostly a directory that lives; now and then anything, also what is gone. */
  #directory() {
    const { random } = this.#world;
    const { tree } = this.model;
    const live = tree.live().filter((number) => !tree.isFile(number));
    return this.model.handle(random.pick(random.chance(16) ? tree.live() : live));
  }

  #createCall(at: At): VolumeCall {
    const { random } = this.#world;
    const what = random.chance(4) ? 'directory' : 'file';
    const size = what === 'file' && random.chance(4) ? random.below(SIZE_MAX) : 0;
    if (what === 'directory' || random.chance(2)) {
      return { kind: 'create', at, what, how: 'guarded', verifier: '', size };
    }
    const verifier = `${this.#name}${this.#count}`.padEnd(8).slice(0, 8);
    return { kind: 'create', at, what, how: 'exclusive', verifier, size };
  }

  #change(call: VolumeCall): void {
    // What a power cut may have taken from a file that is dirty: its size is what it was, or less.
    const isUnsure =
      this.#ledger.options.power &&
      call.kind === 'write' &&
      this.model.isDirty(this.model.numberOf(call.handle.file) as number);
    this.#make(call, (key, answer) => {
      const wanted = this.model.expect(call, answer);
      const isSize = isUnsure || wanted.size === answer.size;
      if (wanted.status !== answer.status || !isSize) {
        const said = JSON.stringify(wanted);
        throw new SimFailure(`${key} ${call.kind}: ${JSON.stringify(answer)}, not ${said}`);
      }
      if (answer.made !== undefined) this.#ledger.made(key, answer.made);
    });
  }

  #writeAgain({ number, offset, data }: Dirty): void {
    const handle = this.model.handle(number);
    this.#change({ kind: 'write', handle, offset, data, stable: true });
  }

  #make(call: VolumeCall, done: (key: string, answer: Answer) => void): void {
    this.#count += 1;
    const key = `${this.#name}-${this.#count}`;
    const asks: Asks = (machine, reply) => machine.change(key, call, reply);
    this.#send(asks, (value) => {
      const bytes = value as Buffer;
      const answer = JSON.parse(bytes.toString()) as Answer;
      this.#ledger.answered(key, bytes);
      done(key, answer);
      const isStable = answer.status === 'done' && !(call.kind === 'write' && !call.stable);
      if (isStable || !this.#ledger.options.power) this.#sendLate(key, asks);
    });
  }

  /** A copy of the call that was under way somewhere arrives after its answer. */
  #sendLate(key: string, asks: Asks): void {
    const { random } = this.#world;
    if (this.#ledger.options.shortLogs || !random.chance(LATE_ONE_IN)) return;
    const box = random.pick(this.#boxes);
    this.#world.after(this.#world.between(...LATE_MS), () =>
      box.call((machine) =>
        asks(machine, (answer) => this.#ledger.answered(key, answer as Buffer)),
      ),
    );
  }

  #commit(number: number): void {
    const { file } = this.model.handle(number);
    const asks: Asks = (machine, reply) => machine.commit(file, reply);
    this.#send(asks, (verifier) => {
      this.#lost = this.model.committed(number, verifier as string);
    });
  }

  /** The whole folder with all attributes. */
  #look(): void {
    const asks: Asks = (machine, reply) =>
      machine.read((volume) => {
        const value = drawn(volume, this.model);
        const root = volume.tree.inode(this.model.handle(0).file);
        const seen = Math.max(root?.change ?? 0, ...value.inodes.map(({ change }) => change));
        return { seen, value };
      }, reply);
    this.#send(asks, (value) => {
      const { lines, inodes } = value as ReturnType<typeof drawn>;
      for (const inode of inodes) this.#ledger.saw(inode);
      const [there, wanted] = [lines, this.model.tree.drawn()].map((list) => this.#sure(list));
      if (there !== wanted) throw new SimFailure(`${this.#name} sees\n${there}\nnot\n${wanted}`);
    });
  }

  /** Without what a power cut may have taken. */
  #sure(lines: readonly string[]): string {
    if (!this.#ledger.options.power) return lines.join('\n');
    const isSure = (line: string) => !this.model.isDirty(Number(line.split(' ')[1]));
    return lines.map((line) => (isSure(line) ? line : line.replace(/ \d+$/, ' ?'))).join('\n');
  }

  #readFile(): void {
    const { tree } = this.model;
    const files = tree.live().filter((number) => tree.isFile(number));
    if (files.length === 0) {
      this.#world.after(0, () => this.start());
      return;
    }
    const number = this.#world.random.pick(files);
    const { file } = this.model.handle(number);
    const asks: Asks = (machine, reply) =>
      machine.read((volume) => {
        const seen = volume.tree.inode(file)?.change ?? 0;
        return { seen, value: contentOf(volume, file) };
      }, reply);
    this.#send(asks, (value) => this.#compare(number, value as Buffer));
  }

  #compare(number: number, content: Buffer): void {
    const { bytes, dirty } = this.model.file(number);
    const isUnsure = this.#ledger.options.power && this.model.isDirty(number);
    const size = isUnsure ? Math.min(bytes.length, content.length) : bytes.length;
    const isWrong = (byte: number, at: number) =>
      at < size && byte !== content[at] && (!isUnsure || dirty[at] === '');
    if (bytes.some(isWrong) || (!isUnsure && content.length !== size)) {
      throw new SimFailure(differ(`${this.#name} reads file ${number}`, content, bytes));
    }
  }

  #send(asks: Asks, done: (answer: unknown) => void): void {
    let open = true;
    const answer = (box: VolumeBox, value: unknown): void => {
      refuseTwoPrimaries(this.#boxes, box);
      this.#world.after(this.#world.between(...NETWORK_MS), () => {
        if (!open) return;
        open = false;
        done(value);
        this.#world.after(this.#world.between(...PAUSE_MS), () => this.start());
      });
    };
    const attempt = (): void => {
      if (!open) return;
      const box = this.#boxes[this.#target % this.#boxes.length] as VolumeBox;
      this.#world.after(this.#world.between(...NETWORK_MS), () =>
        box.call((machine) => asks(machine, (value) => answer(box, value))),
      );
      this.#world.after(this.#world.between(...RETRY_MS), () => {
        if (!open) return;
        this.#target += 1;
        attempt();
      });
    };
    attempt();
  }
}
