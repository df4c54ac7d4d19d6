/** Many kills under SMB clients, in rounds over both durabilities and like and unlike backends; their figures together. */
import type { LabOptions } from '#packaging/lab/plan.ts';
import { playSmbRound, type SmbRoundOptions, type SmbRoundReport } from './smb-round.ts';

type Configuration = Pick<SmbRoundOptions, 'durability' | 'backends'>;

const CONFIGURATIONS: readonly Configuration[] = [
  { durability: 'disk', backends: ['posix', 'memory'] },
  { durability: 'memory', backends: ['posix', 'posix'] },
  { durability: 'memory', backends: ['posix', 'memory'] },
  { durability: 'disk', backends: ['posix', 'posix'] },
];
/** A round with fewer kills is mostly the starting of its lab. */
const ROUND_KILLS_MIN = 3;
/** In a longer one a backend in memory has the log of all of it to stage whenever its box comes back. */
const ROUND_KILLS_MAX = 10;

export interface SmbCampaignOptions extends Omit<SmbRoundOptions, 'durability' | 'backends'> {
  /** Only this; both where it is missing. */
  readonly durability?: LabOptions['durability'];
}

/** Rejects at the first round that fails. */
export async function smbCampaign(options: SmbCampaignOptions): Promise<readonly SmbRoundReport[]> {
  const { durability, kills, say } = options;
  const fitting = CONFIGURATIONS.filter(
    (row) => durability === undefined || row.durability === durability,
  );
  const least = Math.ceil(kills / ROUND_KILLS_MAX);
  const count = Math.max(1, least, Math.min(fitting.length, Math.floor(kills / ROUND_KILLS_MIN)));
  const reports: SmbRoundReport[] = [];
  for (let index = 0; index < count; index += 1) {
    const configuration = fitting[index % fitting.length] as Configuration;
    const share = Math.floor((kills + count - 1 - index) / count);
    const title = `durability ${configuration.durability}, ${configuration.backends.join(' and ')}`;
    say(`round ${index + 1} of ${count}: ${title}: ${share} kills`);
    const seed = options.seed + index;
    reports.push(await playSmbRound({ ...options, ...configuration, kills: share, seed }));
  }
  return reports;
}

/** For a terminal. */
export function printSmbReports(reports: readonly SmbRoundReport[]): string {
  const report = reports.reduce(added);
  const rows: readonly (readonly [string, string])[] = [
    ['kills of the serving box', String(report.kills)],
    ['planned moves', String(report.moves)],
    ['connections cut', String(report.drops)],
    ['acts of SMB clients', report.acts.toLocaleString('en')],
    ['calls answered', report.calls.toLocaleString('en')],
    ['sent again after a lost connection', report.retried.toLocaleString('en')],
    ['sessions set up again', report.reconnected.toLocaleString('en')],
    ['calls of NFS clients beside them', report.nfsCalls.toLocaleString('en')],
    ['stall per kill', printStalls(report.killStallsMs)],
    ['stall per planned move', printStalls(report.moveStallsMs)],
  ];
  return rows.map(([title, value]) => `  ${title.padEnd(43)}${value}\n`).join('');
}

function printStalls(stallsMs: readonly number[]): string {
  if (stallsMs.length === 0) return 'none';
  const sorted = [...stallsMs].sort((one, two) => one - two);
  const at = (share: number) =>
    (sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0).toFixed(0);
  return `median ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`;
}

function added(one: SmbRoundReport, other: SmbRoundReport): SmbRoundReport {
  return {
    kills: one.kills + other.kills,
    moves: one.moves + other.moves,
    drops: one.drops + other.drops,
    acts: one.acts + other.acts,
    calls: one.calls + other.calls,
    retried: one.retried + other.retried,
    reconnected: one.reconnected + other.reconnected,
    nfsCalls: one.nfsCalls + other.nfsCalls,
    killStallsMs: [...one.killStallsMs, ...other.killStallsMs],
    moveStallsMs: [...one.moveStallsMs, ...other.moveStallsMs],
  };
}
