/** What SIGHUP does: `box.toml` is read again, what can change does, and what waits for the next start is named. */
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import type { Log, LogLevel } from '#core/log-line.ts';
import { type BoxConfig, readBoxConfig } from './box-config.ts';

const Level = v.picklist(['debug', 'info', 'warn', 'error']);

/** The command line, then `box.toml`, then the default. A wrong one there is told by the kernel, with the other mistakes. */
export function logLevelOf(config: BoxConfig, given: LogLevel | undefined): LogLevel {
  const written = v.safeParse(Level, config.plugin['host']?.['logLevel']);
  return given ?? (written.success ? written.output : 'info');
}

export interface Reread {
  readonly directory: string;
  /** What this process started with. */
  readonly before: BoxConfig;
  readonly log: Log;
  /** Makes valid what can change. */
  apply(now: BoxConfig): void;
}

/** A file with a mistake changes nothing, and stops nobody. */
export function reread({ directory, before, log, apply }: Reread): void {
  let now: BoxConfig;
  try {
    now = readBoxConfig(directory);
  } catch (cause) {
    log.error(`box.toml was not read again: ${(cause as Error).message}`);
    return;
  }
  apply(now);
  const waiting = differences(before, now);
  if (waiting.length === 0) log.info('box.toml was read again');
  else log.warn(`box.toml was read again; at the next start: ${waiting.join(', ')}`);
}

function differences(before: BoxConfig, now: BoxConfig): readonly string[] {
  const [one, other] = [before, now].map(withoutLevel);
  const names = new Set([...Object.keys(one ?? {}), ...Object.keys(other ?? {})]);
  return [...names].filter((name) => !isDeepStrictEqual(one?.[name], other?.[name])).sort();
}

/** A row for each entry of the file, and for each plugin's options. */
function withoutLevel({ plugin, ...config }: BoxConfig): Readonly<Record<string, unknown>> {
  const { logLevel: _, ...host } = plugin['host'] ?? {};
  const tables = Object.entries({ ...plugin, host }).map(([id, options]) => [
    `plugin.${id}`,
    options,
  ]);
  return { ...config, ...Object.fromEntries(tables) };
}
