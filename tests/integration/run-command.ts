/** Programs of this machine and our own command, run to their end with what they said. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../support/program.ts';

/** Milliseconds after which a program is ended; none here needs more than a second or two. */
const RUN_MS_MAX = 20_000;
/** Where Debian keeps what administrators use, whoever asks. */
const PLACES = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];

export interface Outcome {
  /** `null` when it was ended by a signal. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Its path; `undefined` where it is not installed. */
export function installed(name: string): string | undefined {
  return PLACES.map((place) => join(place, name)).find((path) => existsSync(path));
}

export function runProgram(command: string, args: readonly string[]): Promise<Outcome> {
  return outcomeOf(spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
}

/** `understudy ARGS` as a process of its own. */
export function understudy(...args: readonly string[]): Promise<Outcome> {
  return outcomeOf(startUnderstudy(...args));
}

export function startUnderstudy(...args: readonly string[]): ChildProcess {
  // Nothing is typed, unless whoever started it does.
  return spawn(program.command, [...program.args, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Resolves when it has ended, and ends it when it takes longer than `limitMs`. */
export function outcomeOf(child: ChildProcess, limitMs = RUN_MS_MAX): Promise<Outcome> {
  const said = { out: '', err: '' };
  child.stdout?.on('data', (bytes) => {
    said.out += String(bytes);
  });
  child.stderr?.on('data', (bytes) => {
    said.err += String(bytes);
  });
  const late = Number.isFinite(limitMs)
    ? setTimeout(() => child.kill('SIGKILL'), limitMs)
    : undefined;
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => {
      clearTimeout(late);
      done({ code, ...said });
    });
  });
}
