/** Log lines through pino on standard error: JSON, one object a line, or short text where a person watches. */
import { writeSync } from 'node:fs';
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import type { Log, LogLevel } from '#core/log-line.ts';

const STDERR = 2;
/** From the least important on. */
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** What is written, as it may change while a box runs. */
export interface Threshold {
  level: LogLevel;
}

export interface LogOptions {
  /** Least level that is written. */
  readonly level: LogLevel | Threshold;
  /** Where lines go; standard error unless a test says otherwise. */
  readonly write?: (text: string) => void;
  /** Text instead of JSON; by default where standard error is a terminal. */
  readonly human?: boolean;
}

export function createLog(options: LogOptions): Log {
  const write = options.write ?? writeStderr;
  const human = options.human ?? process.stderr.isTTY === true;
  const stream: DestinationStream = { write: human ? (line) => write(humanLine(line)) : write };
  const threshold = typeof options.level === 'string' ? { level: options.level } : options.level;
  const settings = {
    level: LEVELS[0],
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return wrap(pino(settings, stream), threshold, '');
}

/** pino's children keep the level that they were made with; so it writes everything, and what may be written is asked here. */
function wrap(logger: Logger, threshold: Threshold, name: string): Log {
  const named = name === '' ? logger : logger.child({ name });
  const write =
    (level: LogLevel) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      if (LEVELS.indexOf(level) >= LEVELS.indexOf(threshold.level)) named[level](fields, message);
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (part) => wrap(logger, threshold, name === '' ? part : `${name}/${part}`),
  };
}

/** A log line that cannot be written is nobody's reason to stop serving. */
function writeStderr(text: string): void {
  try {
    writeSync(STDERR, text);
  } catch {}
}

/** `12:30:05.123 warn  host/net  message  key=value`, from pino's JSON. */
export function humanLine(line: string): string {
  const { level, time, name, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 23);
  const parts = [clock, String(level).padEnd(5)];
  if (typeof name === 'string') parts.push(name);
  parts.push(String(msg ?? ''));
  for (const [key, value] of Object.entries(fields)) {
    parts.push(`${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  }
  return `${parts.join('  ')}\n`;
}
