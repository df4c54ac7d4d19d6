/** From samples to medians, ratios and verdicts. */
import { type Cell, OPERATIONS, type Operation, type OperationName } from './matrix.ts';
import type { Sample } from './measure.ts';
import { median, spread } from './statistics.ts';
import type { SystemName } from './systems.ts';

export interface Summary {
  readonly system: SystemName;
  readonly operation: OperationName;
  readonly depth: number;
  /** Median, in the operation's unit; undefined where no sample succeeded. */
  readonly value: number | undefined;
  /** (most - least) / median. */
  readonly spread: number;
  readonly p50_us: number | undefined;
  readonly p99_us: number | undefined;
  /** Times nfs-ganesha: the median over the rounds, each round's two samples having been taken one after the other. */
  readonly ratio: number | undefined;
  readonly failed: number;
}

export function summarize(samples: readonly Sample[]): Summary[] {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = keyOf(sample.system, sample);
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { system, operation, depth } = first;
    const rivals = groups.get(keyOf('ganesha', first)) ?? [];
    const values = group.flatMap((sample) => figureOf(sample) ?? []);
    const ratios = group.flatMap((sample) => {
      const rival = rivals.find((other) => other.round === sample.round);
      const [ours, theirs] = [figureOf(sample), rival && figureOf(rival)];
      return ours === undefined || theirs === undefined ? [] : ours / theirs;
    });
    return {
      system,
      operation,
      depth,
      value: medianOf(values),
      spread: spread(values),
      p50_us: medianOf(group.flatMap(({ result }) => result?.p50_us ?? [])),
      p99_us: medianOf(group.flatMap(({ result }) => result?.p99_us ?? [])),
      ratio: system === 'ganesha' ? undefined : medianOf(ratios),
      failed: group.length - values.length,
    };
  });
}

function medianOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : median(values);
}

function keyOf(system: SystemName, { operation, depth }: Sample): string {
  return `${system} ${operation} ${depth}`;
}

/** A sample in its operation's unit. */
function figureOf({ operation, result }: Sample): number | undefined {
  return OPERATIONS[operation].unit === 'MB/s' ? result?.MB_s : result?.ops_s;
}

export function find(
  summaries: readonly Summary[],
  system: SystemName,
  { operation, depth }: Cell,
): Summary | undefined {
  return summaries.find(
    (row) => row.system === system && row.operation === operation.name && row.depth === depth,
  );
}

export interface Verdict {
  readonly who: 'one box' | 'pair';
  readonly cell: Cell;
  /** Times nfs-ganesha. */
  readonly floor: number;
  /** The durability that is judged, and the other one for comparison. */
  readonly like: 'disk' | 'memory';
  readonly ratio: number | undefined;
  readonly otherRatio: number | undefined;
  readonly verdict: 'met' | 'missed' | 'not measured';
}

export function judge(summaries: readonly Summary[], cells: readonly Cell[]): Verdict[] {
  const verdict = (shape: 'box' | 'pair', cell: Cell, floor: number): Verdict => {
    const { like } = cell.operation;
    const other = like === 'disk' ? 'memory' : 'disk';
    const ratio = find(summaries, `${shape}-${like}`, cell)?.ratio;
    return {
      who: shape === 'box' ? 'one box' : 'pair',
      cell,
      floor,
      like,
      ratio,
      otherRatio: find(summaries, `${shape}-${other}`, cell)?.ratio,
      verdict: ratio === undefined ? 'not measured' : ratio >= floor ? 'met' : 'missed',
    };
  };
  const boxes = cells.map((cell) => verdict('box', cell, floorOf(cell.operation, cell.depth)));
  const pairs = cells.flatMap((cell) => {
    const { pairFloor } = cell.operation;
    return pairFloor === undefined || cell.depth === 1 ? [] : verdict('pair', cell, pairFloor);
  });
  return [...boxes, ...pairs];
}

function floorOf({ floors }: Operation, depth: number): number {
  const [shallow, deep] = floors;
  return depth === 1 ? shallow : deep;
}
