/** What every command is given, and how it ends. */
import type { Input } from './password.ts';
import type { Runner } from './runner.ts';

/** Where a command writes, texts with their line ends, and reads. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Where a password comes from; standard input where it is missing. */
  readonly input?: Input;
}

export interface Shell extends Terminal {
  readonly runner: Runner;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Exit code; 0 unless a command says otherwise. */
  code: number;
}

/** The command line was not understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const STANDARD: Terminal = {
  out: (text) => {
    process.stdout.write(text);
  },
  err: (text) => {
    process.stderr.write(text);
  },
};
