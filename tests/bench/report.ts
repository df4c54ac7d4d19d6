/** Prints what was measured, for people. */
import { type Column, printSize, table } from '#tui/table.ts';
import type { Footprint, Memory } from './footprint.ts';
import type { Machine } from './machine.ts';
import type { Cell } from './matrix.ts';
import { find, type Summary, type Verdict } from './summary.ts';
import type { System } from './systems.ts';

/** Samples that lie further apart than this share of their median are marked: the machine was not quiet. */
const SPREAD_MAX = 0.5;
/** Of an idle box: issue and README promise it. */
const START_MS_MAX = 1_000;
const RESIDENT_MAX = 150 * 1024 * 1024;

export function printMachine(machine: Machine): string {
  const { cpu, cores, memory, kernel, system, fileSystem, node, load } = machine;
  return [
    `${cpu}, ${cores} cores, ${printSize(memory)}; ${system}, ${kernel}; ${fileSystem}; Node.js ${node}`,
    `load before the bench: ${load}${load > cores / 2 ? ' (not quiet: trust ratios, not figures)' : ''}`,
    '',
  ].join('\n');
}

export function printResults(
  cells: readonly Cell[],
  systems: readonly System[],
  summaries: readonly Summary[],
): string {
  const columns: Column<Cell>[] = [
    { title: 'operation', cell: ({ operation }) => operation.title },
    { title: 'unit', cell: ({ operation }) => operation.unit },
    { title: 'depth', right: true, cell: ({ depth }) => depth },
  ];
  for (const { name, title } of systems) {
    columns.push({ title, right: true, cell: (cell) => printValue(find(summaries, name, cell)) });
    if (name === 'ganesha') continue;
    const hasRival = summaries.some((row) => row.system === name && row.ratio !== undefined);
    if (hasRival) {
      columns.push({
        title: 'x',
        right: true,
        cell: (cell) => printRatio(find(summaries, name, cell)?.ratio),
      });
    }
  }
  const marks = [
    'x: times nfs-ganesha in the same round, median of the rounds. ~: the rounds lie more than half their median apart.',
    'CREATE+REMOVE counts each call of the two. nfs-ganesha syncs nothing there: "memory" compares like with like.',
    'At 1 MiB the deep row has 8 calls outstanding.',
  ];
  return `${table(columns, cells)}${marks.join('\n')}\n`;
}

function printValue(summary: Summary | undefined): string {
  if (summary === undefined) return '-';
  if (summary.value === undefined) return 'failed';
  return `${summary.spread > SPREAD_MAX ? '~' : ''}${Math.round(summary.value).toLocaleString('en')}`;
}

function printRatio(ratio: number | undefined): string {
  // Rounded down: what prints as 1.00 has reached 1.
  return ratio === undefined ? '-' : (Math.floor(ratio * 100) / 100).toFixed(2);
}

/** The middle of the latencies at depth 1, and the slow end of the deep ones. */
export function printLatencies(
  cells: readonly Cell[],
  systems: readonly System[],
  summaries: readonly Summary[],
): string {
  const columns: Column<Cell>[] = [
    { title: 'microseconds, p50 / p99', cell: ({ operation }) => operation.title },
    { title: 'depth', right: true, cell: ({ depth }) => depth },
    ...systems.map(
      ({ name, title }): Column<Cell> => ({
        title,
        right: true,
        cell: (cell) => {
          const summary = find(summaries, name, cell);
          if (summary?.p50_us === undefined || summary.p99_us === undefined) return '-';
          return `${Math.round(summary.p50_us)} / ${Math.round(summary.p99_us)}`;
        },
      }),
    ),
  ];
  return table(columns, cells);
}

export function printVerdicts(verdicts: readonly Verdict[]): string {
  const columns: Column<Verdict>[] = [
    { title: 'floor', cell: ({ who }) => who },
    { title: 'operation', cell: ({ cell }) => cell.operation.title },
    { title: 'depth', right: true, cell: ({ cell }) => cell.depth },
    { title: 'wanted', right: true, cell: ({ floor }) => `${floor}x` },
    { title: 'reached', right: true, cell: ({ ratio }) => printRatio(ratio) },
    { title: 'durability', cell: ({ like }) => like },
    { title: 'the other one', right: true, cell: ({ otherRatio }) => printRatio(otherRatio) },
    { title: '', cell: ({ verdict }) => verdict },
  ];
  if (verdicts.every(({ verdict }) => verdict === 'not measured')) {
    return 'floors: none can be judged without both nfs-ganesha and one of our own\n';
  }
  const met = verdicts.filter(({ verdict }) => verdict === 'met').length;
  return `${table(columns, verdicts)}${met} of ${verdicts.length} floors met\n`;
}

export interface Loaded {
  readonly name: string;
  readonly memory: Memory;
}

export function printFootprint(
  footprint: Footprint | undefined,
  loaded: readonly Loaded[],
): string {
  const rows: { what: string; value: string; wanted: string; verdict: string }[] = [];
  if (footprint !== undefined) {
    const { startMs, startMsMedian, idle } = footprint;
    rows.push({
      what: `start to serving, median of ${startMs.length}`,
      value: `${Math.round(startMsMedian)} ms`,
      wanted: `under ${START_MS_MAX} ms`,
      verdict: startMsMedian < START_MS_MAX ? 'met' : 'missed',
    });
    rows.push({
      what: 'resident memory of an idle box',
      value: `${printSize(idle.resident)} (proportional ${printSize(idle.proportional)})`,
      wanted: `under ${printSize(RESIDENT_MAX)}`,
      verdict: idle.resident < RESIDENT_MAX ? 'met' : 'missed',
    });
  }
  for (const { name, memory } of loaded) {
    rows.push({
      what: `resident after the load: ${name}`,
      value: `${printSize(memory.resident)} (proportional ${printSize(memory.proportional)})`,
      wanted: '',
      verdict: '',
    });
  }
  return table(
    [
      { title: 'a box', cell: ({ what }) => what },
      { title: 'measured', cell: ({ value }) => value },
      { title: 'wanted', cell: ({ wanted }) => wanted },
      { title: '', cell: ({ verdict }) => verdict },
    ],
    rows,
  );
}
