/** Samba's smbclient, as somebody at a command line uses it. */
import { type ChildProcess, spawn } from 'node:child_process';
import * as assert from 'uvu/assert';
import type { SmbTarget } from '../lab/smb-target.ts';
import { installed, type Outcome, outcomeOf } from './run-command.ts';

/** As smbclient spells them. */
export const DIALECTS = ['SMB2_02', 'SMB2_10', 'SMB3_00', 'SMB3_02', 'SMB3_11'] as const;

export type SmbDialect = (typeof DIALECTS)[number];
export type Protection = 'sign' | 'encrypt';

export interface Way {
  readonly dialect: SmbDialect;
  readonly protection: Protection;
}

/** Encryption came with 3.0 ([MS-SMB2] §3.3.5.4). */
export const WAYS: readonly Way[] = DIALECTS.flatMap((dialect): readonly Way[] => {
  const signed = { dialect, protection: 'sign' } as const;
  return dialect < 'SMB3' ? [signed] : [signed, { dialect, protection: 'encrypt' }];
});

const NEWEST: Way = { dialect: 'SMB3_11', protection: 'sign' };

export const smbclientPath = installed('smbclient');

export class Smbclient {
  readonly #target: SmbTarget;
  /** Where `get` puts things, and `put` takes them from. */
  readonly #folder: string;

  constructor(target: SmbTarget, folder: string) {
    this.#target = target;
    this.#folder = folder;
  }

  /** What it printed for commands with semicolons between them; none of them may fail. */
  async does(commands: string, way: Way = NEWEST): Promise<string> {
    const { code, out, err } = await this.tries(commands, way);
    assert.is(code, 0, `smbclient ${way.dialect} ${way.protection}: ${commands}\n${out}${err}`);
    // Short names of DOS there are none, which `allinfo` asks for and goes on.
    assert.not.match(
      out,
      /^NT_STATUS_\w+(?! getting alt name)\b/m,
      `${way.dialect} ${way.protection}: ${commands}`,
    );
    return out;
  }

  tries(commands: string, way: Way = NEWEST, password = this.#target.password): Promise<Outcome> {
    return outcomeOf(this.#start([this.#unc(), '-c', commands], way, password));
  }

  lists(way: Way = NEWEST): Promise<Outcome> {
    return outcomeOf(this.#start(['-L', this.#target.address], way, this.#target.password));
  }

  /** A process that goes on until it is killed, and says a line when it has one. */
  goesOn(commands: string, way: Way = NEWEST): ChildProcess {
    return this.#start([this.#unc(), '-c', commands], way, this.#target.password, [
      'stdbuf',
      '-oL',
    ]);
  }

  #unc(): string {
    return `//${this.#target.address}/${this.#target.share}`;
  }

  #start(
    args: readonly string[],
    { dialect, protection }: Way,
    password: string,
    before: readonly string[] = [],
  ): ChildProcess {
    const { user, port } = this.#target;
    const [command = '', ...rest] = [
      ...before,
      smbclientPath ?? 'smbclient',
      '--configfile=/dev/null',
      ...['-m', dialect, `--option=client min protocol=${dialect}`],
      `--client-protection=${protection}`,
      ...['-p', String(port), '-U', `${user}%${password}`],
      ...args,
    ];
    return spawn(command, rest, { cwd: this.#folder, stdio: ['ignore', 'pipe', 'pipe'] });
  }
}
