/** What the demo says at its end: a short table, and whether every promise held. */
export interface DemoReport {
  readonly files: number;
  readonly bytes: number;
  readonly calls: number;
  readonly retransmitted: number;
  /** Retransmitted calls that got the reply of their first execution. */
  readonly answeredFromCache: number;
  readonly stale: number;
  readonly errors: number;
  readonly stallMs: number;
  /** The box that was killed, and the one that stepped in. */
  readonly killed: string;
  readonly successor: string;
  /** Differences between what was copied and what was read back, sentences. */
  readonly differences: readonly string[];
  /** Why the boxes do not hold the same; empty when they do. */
  readonly unlike: string;
  readonly seconds: number;
}

export function held(report: DemoReport): boolean {
  return (
    report.stale === 0 &&
    report.errors === 0 &&
    report.differences.length === 0 &&
    report.unlike === '' &&
    report.killed !== report.successor
  );
}

export function printReport(report: DemoReport): string {
  const rows: readonly (readonly [string, string])[] = [
    ['files', count(report.files)],
    ['bytes', count(report.bytes)],
    ['calls', count(report.calls)],
    ['retransmitted', count(report.retransmitted)],
    ['answered from the duplicate-request cache', count(report.answeredFromCache)],
    ['stale handles', count(report.stale)],
    ['errors', count(report.errors)],
    ['stall', `${report.stallMs.toFixed(0)} ms`],
    ['served first, killed with SIGKILL', `box ${report.killed}`],
    ['stepped in', `box ${report.successor}`],
    [
      'read back by the old handles',
      report.differences.length === 0 ? 'every SHA-256 equal' : 'DIFFERENT',
    ],
    ['both boxes', report.unlike === '' ? 'hold the same content' : 'DIFFERENT'],
    ['took', `${report.seconds.toFixed(1)} s`],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`);
  const wrong = [
    ...report.differences.slice(0, 10),
    ...(report.unlike === '' ? [] : [report.unlike]),
  ];
  const verdict = held(report) ? 'Everything held.' : 'It did NOT hold:';
  return `${lines.join('\n')}\n\n${verdict}\n${wrong.map((line) => `  ${line}\n`).join('')}`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
