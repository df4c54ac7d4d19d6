/** Many kills over both handle strategies, both durabilities, and like and unlike backends; their figures together. */
import type { Program } from '#packaging/lab/processes.ts';
import { program as given } from '../support/program.ts';
import { playRound, type RoundOptions, type RoundReport } from './round.ts';

export interface CampaignOptions {
  readonly kills: number;
  readonly seed: number;
  readonly connections: number;
  readonly address: string;
  /** Only these; all where they are missing. */
  readonly handles?: RoundOptions['handles'];
  readonly durability?: RoundOptions['durability'];
  /** The sources where it is missing. */
  readonly program?: Program;
  say(line: string): void;
}

type Configuration = Pick<RoundOptions, 'handles' | 'durability' | 'backends'>;

const UNLIKE = ['posix', 'memory'];
const ALIKE = ['posix', 'posix'];
/** The first two of them differ in everything: so a short campaign sees most. */
const CONFIGURATIONS: readonly Configuration[] = [
  { handles: 'generic', durability: 'disk', backends: UNLIKE },
  { handles: 'issuer', durability: 'memory', backends: ALIKE },
  { handles: 'generic', durability: 'memory', backends: UNLIKE },
  { handles: 'issuer', durability: 'disk', backends: ALIKE },
  { handles: 'generic', durability: 'disk', backends: ALIKE },
  { handles: 'issuer', durability: 'memory', backends: UNLIKE },
  { handles: 'generic', durability: 'memory', backends: ALIKE },
  { handles: 'issuer', durability: 'disk', backends: UNLIKE },
];
/** A round with fewer kills is mostly the starting of its lab. */
const ROUND_KILLS_MIN = 3;

/** Rejects at the first round that fails. */
export async function campaign(options: CampaignOptions): Promise<readonly RoundReport[]> {
  const { handles, durability, say, program = given } = options;
  const fitting = CONFIGURATIONS.filter(
    (row) =>
      (handles === undefined || row.handles === handles) &&
      (durability === undefined || row.durability === durability),
  );
  const rounds = fitting.slice(0, Math.max(1, Math.ceil(options.kills / ROUND_KILLS_MIN)));
  const reports: RoundReport[] = [];
  for (const [index, configuration] of rounds.entries()) {
    const kills = Math.floor((options.kills + rounds.length - 1 - index) / rounds.length);
    const { connections, address } = options;
    const seed = options.seed + index;
    const title = `${configuration.handles} handles, durability ${configuration.durability}, ${configuration.backends.join(' and ')}`;
    say(`round ${index + 1} of ${rounds.length}: ${title}: ${kills} kills`);
    try {
      const round = { ...configuration, program, kills, connections, address, seed, say };
      reports.push(await playRound(round));
    } catch (cause) {
      const text = `${(cause as Error).message}\n  round ${index + 1} (${title}), --seed ${options.seed} --kills ${options.kills}`;
      throw new Error(text, { cause });
    }
  }
  return reports;
}

export function printReports(reports: readonly RoundReport[]): string {
  const sum = (count: (report: RoundReport) => number) =>
    reports.reduce((total, report) => total + count(report), 0).toLocaleString('en');
  const rows: readonly (readonly [string, string])[] = [
    ['kills of the serving box', sum(({ kills }) => kills)],
    ['acts', sum(({ acts }) => acts)],
    ['calls answered', sum(({ calls }) => calls)],
    ['retransmitted after a lost connection', sum(({ retransmitted }) => retransmitted)],
    ['said twice on purpose', sum(({ repeated }) => repeated)],
    ['answered from the duplicate-request cache', sum((report) => report.answeredFromCache)],
    ['stall per kill', printStalls(reports.flatMap(({ stallsMs }) => stallsMs))],
    ['stall per return', printStalls(reports.flatMap(({ returnStallsMs }) => returnStallsMs))],
  ];
  return rows.map(([title, value]) => `  ${title.padEnd(43)}${value}\n`).join('');
}

function printStalls(stallsMs: readonly number[]): string {
  if (stallsMs.length === 0) return 'none';
  const sorted = [...stallsMs].sort((one, two) => one - two);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(0);
  return `median ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`;
}
