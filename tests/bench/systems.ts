/** The systems that are measured: one box and a pair, with both durabilities, and nfs-ganesha where it is here. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LAB_EXPORT, type LabOptions } from '#packaging/lab/plan.ts';
import { Lab, type Program } from '#packaging/lab/processes.ts';
import type { Cleanup } from './cleanup.ts';
import { startGanesha } from './ganesha.ts';

export const SYSTEM_NAMES = [
  'ganesha',
  'box-disk',
  'box-memory',
  'pair-disk',
  'pair-memory',
] as const;
export type SystemName = (typeof SYSTEM_NAMES)[number];

export interface Target {
  readonly host: string;
  readonly nfsPort: number;
  readonly mountPort: number;
  readonly export: string;
}

export interface System {
  readonly name: SystemName;
  readonly title: string;
  readonly target: Target;
  processes(): readonly { readonly name: string; readonly pid: number }[];
  stop(): Promise<void>;
}

export interface Surroundings {
  /** Everything is kept below it, so that all systems stand on one file system. */
  readonly directory: string;
  /** Backends of a pair's two boxes. */
  readonly pair: readonly string[];
  readonly handles: LabOptions['handles'];
  readonly program: Program;
  readonly cleanup: Cleanup;
}

/** Loopback addresses, far enough apart for the boxes that follow each. */
const ADDRESSES: Readonly<Record<SystemName | 'footprint', string>> = {
  'box-disk': '127.0.40.10',
  'box-memory': '127.0.40.20',
  'pair-disk': '127.0.40.30',
  'pair-memory': '127.0.40.40',
  ganesha: '127.0.40.50',
  footprint: '127.0.40.60',
};

/** Resolves when it serves; rejects with one sentence when it cannot. */
export async function startSystem(name: SystemName, around: Surroundings): Promise<System> {
  const directory = join(around.directory, name);
  mkdirSync(directory, { recursive: true });
  if (name === 'ganesha') return startGanesha(directory, ADDRESSES.ganesha, around.cleanup);
  const [shape, durability] = name.split('-') as ['box' | 'pair', 'disk' | 'memory'];
  const backends = shape === 'pair' ? around.pair : ['posix'];
  const lab = await startLab(labOptions(name, backends, durability, around), around);
  const { address, ports } = lab.plan.options;
  return {
    name,
    title: `${shape}, ${durability}`,
    target: { host: address, nfsPort: ports.nfs, mountPort: ports.mount, export: LAB_EXPORT },
    processes: () =>
      lab.plan.boxes.map((box) => ({
        name: `${name} ${box.name} (${box.backend})`,
        pid: lab.pid(box.name),
      })),
    stop: () => lab.stop(),
  };
}

export function labOptions(
  name: Exclude<SystemName, 'ganesha'> | 'footprint',
  backends: readonly string[],
  durability: LabOptions['durability'],
  { directory, handles }: Pick<Surroundings, 'directory' | 'handles'>,
): LabOptions {
  return {
    boxes: backends.length,
    backends,
    handles,
    durability,
    arbiter: backends.length === 1 ? 'alone' : 'witness',
    directory: join(directory, name),
    address: ADDRESSES[name],
    ports: { nfs: 0, mount: 0, portmap: 0, smb: 0, metrics: 0 },
    // The load is made as root, and nfs-ganesha exports with No_Root_Squash.
    squash: 'no_root_squash',
  };
}

/** A signal may come while the lab starts: what it started until then is ended all the same. */
export function startLab(
  options: LabOptions,
  { program, cleanup }: Pick<Surroundings, 'program' | 'cleanup'>,
): Promise<Lab> {
  const starting = Lab.start(options, program);
  cleanup.add(async () => {
    const lab = await starting.catch(() => undefined);
    await lab?.stop();
  });
  return starting;
}
