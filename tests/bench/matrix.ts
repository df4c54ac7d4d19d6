/** What is measured: operations, depths, and the floors that each has to reach against nfs-ganesha. */

export const OPERATION_NAMES = [
  'null',
  'getattr',
  'lookup',
  'read',
  'write',
  'stable',
  'create',
  'readdirplus',
  'read-1m',
  'write-1m',
] as const;
export type OperationName = (typeof OPERATION_NAMES)[number];

export interface Operation {
  readonly name: OperationName;
  readonly title: string;
  /** What nfsload calls it. */
  readonly load: string;
  /** Bytes a call, where it has data. */
  readonly size: number;
  /** Calls outstanding in the deep row. Of 1 MiB calls 8 already fill every buffer there is. */
  readonly depth: number;
  /** The unit of the tables: MB/s where the bytes are the matter, operations/s everywhere else. */
  readonly unit: 'ops/s' | 'MB/s' | 'listings/s';
  /** It leaves dirty pages behind: they are written out before the next sample begins. */
  readonly dirties: boolean;
  /** Times nfs-ganesha that one box has to reach, at depth 1 and deep. */
  readonly floors: readonly [shallow: number, deep: number];
  /**
   * The same for a pair, against nfs-ganesha on one machine; undefined where none is set. Of the deep row alone: one
   * call at a time is two trips on three processes against one trip on two, which is told and not judged.
   */
  readonly pairFloor?: number;
  /**
   * The durability that compares like with like. nfs-ganesha's VFS backend syncs a stable WRITE, as durability `disk`
   * does, and syncs nothing at CREATE and REMOVE, which is what `memory` promises.
   */
  readonly like: 'disk' | 'memory';
}

const KIB = 1024;
const MIB = 1024 * KIB;
const ordinary = {
  size: 4 * KIB,
  depth: 32,
  unit: 'ops/s',
  dirties: false,
  floors: [1, 1],
  like: 'disk',
} as const;

export const OPERATIONS: Readonly<Record<OperationName, Operation>> = {
  null: { ...ordinary, name: 'null', title: 'NULL', load: 'null' },
  getattr: { ...ordinary, name: 'getattr', title: 'GETATTR', load: 'getattr', floors: [1, 3] },
  lookup: { ...ordinary, name: 'lookup', title: 'LOOKUP', load: 'lookup', floors: [1, 3] },
  read: { ...ordinary, name: 'read', title: 'READ 4 KiB', load: 'read' },
  write: {
    ...ordinary,
    name: 'write',
    title: 'WRITE 4 KiB unstable',
    load: 'write',
    dirties: true,
  },
  stable: {
    ...ordinary,
    name: 'stable',
    title: 'WRITE 4 KiB stable',
    load: 'stable',
    dirties: true,
  },
  create: {
    ...ordinary,
    name: 'create',
    title: 'CREATE+REMOVE',
    load: 'create',
    dirties: true,
    pairFloor: 1,
    like: 'memory',
  },
  readdirplus: {
    ...ordinary,
    name: 'readdirplus',
    title: 'READDIRPLUS of 1,000',
    load: 'readdirplus',
    unit: 'listings/s',
  },
  'read-1m': {
    ...ordinary,
    name: 'read-1m',
    title: 'READ 1 MiB',
    load: 'read',
    size: MIB,
    depth: 8,
    unit: 'MB/s',
  },
  'write-1m': {
    ...ordinary,
    name: 'write-1m',
    title: 'WRITE 1 MiB',
    load: 'write',
    size: MIB,
    depth: 8,
    unit: 'MB/s',
    dirties: true,
  },
};

export interface Cell {
  readonly operation: Operation;
  readonly depth: number;
}

/** Every operation at depth 1, then deep. */
export function cellsOf(names: readonly OperationName[]): Cell[] {
  return names.flatMap((name) => {
    const operation = OPERATIONS[name];
    return [1, operation.depth].map((depth) => ({ operation, depth }));
  });
}
