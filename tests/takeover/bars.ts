/** What a takeover may cost a client, and what it did. DESIGN section 1, P8. */
import type { Event, Stalls } from './bridge-round.ts';

interface Bar {
  readonly medianMs: number;
  readonly p99Ms: number;
}

export const BARS: Readonly<Record<Event, Bar>> = {
  kill: { medianMs: 300, p99Ms: 1_000 },
  freeze: { medianMs: 2_000, p99Ms: 2_000 },
  cut: { medianMs: 2_000, p99Ms: 2_000 },
  move: { medianMs: 200, p99Ms: 200 },
};

const TITLES: Readonly<Record<Event, string>> = {
  kill: 'SIGKILL',
  freeze: 'freeze',
  cut: 'cut',
  move: 'planned move',
};

/** A line for each kind of event. */
export function printStalls(stalls: Stalls): string {
  return [...stalls]
    .map(([event, ms]) => {
      const { medianMs, p99Ms } = BARS[event];
      const title = `${ms.length} x ${TITLES[event]}`.padEnd(18);
      return `${title} median ${at(ms, 0.5)} ms (bar ${medianMs}), p99 ${at(ms, 0.99)} ms (bar ${p99Ms}), max ${at(ms, 1)} ms\n`;
    })
    .join('');
}

/** What is above its bar, as sentences. @param factor For a machine that is busy with other things. */
export function aboveBar(stalls: Stalls, factor = 1): readonly string[] {
  return [...stalls].flatMap(([event, ms]) => {
    const bar = BARS[event];
    const figures = [
      ['median', at(ms, 0.5), bar.medianMs],
      ['p99', at(ms, 0.99), bar.p99Ms],
    ] as const;
    return figures
      .filter(([, value, max]) => value > max * factor)
      .map(
        ([what, value, max]) => `${TITLES[event]}: ${what} ${value} ms, at most ${max * factor}`,
      );
  });
}

/** The smallest value that at least this share of all do not exceed. */
function at(ms: readonly number[], share: number): number {
  const sorted = [...ms].sort((one, two) => one - two);
  const index = Math.max(0, Math.ceil(sorted.length * share) - 1);
  return Math.round(sorted[index] ?? 0);
}
