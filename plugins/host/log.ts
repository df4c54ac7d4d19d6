/** Log lines through pino on standard error: JSON, one object a line, or short text where a person watches. */
import { writeSync } from 'node:fs';
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import type { Log, LogLevel } from '#core/log-line.ts';

const STDERR = 2;

export interface LogOptions {
  readonly level: LogLevel;
  /** Where lines go; standard error unless a test says otherwise. */
  readonly write?: (text: string) => void;
  /** Text instead of JSON; by default where standard error is a terminal. */
  readonly human?: boolean;
}

export function createLog(options: LogOptions): Log {
  const write = options.write ?? writeStderr;
  const human = options.human ?? process.stderr.isTTY === true;
  const stream: DestinationStream = { write: human ? (line) => write(humanLine(line)) : write };
  const settings = {
    level: options.level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return wrap(pino(settings, stream), '');
}

function wrap(logger: Logger, name: string): Log {
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    child(part) {
      const full = name === '' ? part : `${name}/${part}`;
      return wrap(logger.child({ name: full }, {}), full);
    },
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
