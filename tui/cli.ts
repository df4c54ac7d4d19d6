/**
 * The command line: `understudy COMMAND`. Every command is a file under `commands/`.
 *
 * Exit codes: 0 all right, 1 it failed (one sentence on standard error), 2 the command line was not understood.
 */
import yargs, { type Argv } from 'yargs';
import { addressCommand } from './commands/address.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { moveCommand } from './commands/move.ts';
import { serveCommand } from './commands/serve.ts';
import { shareCommand } from './commands/share.ts';
import { statusCommand } from './commands/status.ts';
import { userCommand } from './commands/user.ts';
import { volumeCommand } from './commands/volume.ts';
import { witnessCommand } from './commands/witness.ts';
import type { Runner } from './runner.ts';
import { type Shell, STANDARD, type Terminal, UsageError } from './shell.ts';

/** Columns of help texts: two lines of a narrow terminal are worse than one of 100. */
const WIDTH = 100;

/** @returns The exit code. Never rejects. */
export async function run(
  argv: readonly string[],
  runner: Runner,
  terminal: Terminal = STANDARD,
  environment: Shell['environment'] = process.env,
): Promise<number> {
  const shell: Shell = { ...terminal, runner, environment, code: 0 };
  try {
    let help = '';
    await parser(shell).parseAsync([...argv], {}, (_error, _args, output) => {
      help = output;
    });
    if (help !== '') terminal.out(`${help}\n`);
    return shell.code;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const sentence = error instanceof Error ? error.message : String(error);
    // A box that cannot start may have several reasons, a line each.
    for (const line of sentence.split('\n')) {
      terminal.err(`understudy: ${line}${isUsage ? '; see "understudy --help"' : ''}\n`);
    }
    return isUsage ? 2 : 1;
  }
}

function parser(shell: Shell): Argv {
  return yargs()
    .scriptName('understudy')
    .usage('$0 COMMAND\n\nTwo unlike boxes act as one NFS server.')
    .command(demoCommand(shell))
    .command(serveCommand(shell))
    .command(witnessCommand(shell))
    .command(statusCommand(shell))
    .command(volumeCommand(shell))
    .command(exportCommand(shell))
    .command(shareCommand(shell))
    .command(userCommand(shell))
    .command(addressCommand(shell))
    .command(moveCommand(shell))
    .command(doctorCommand(shell))
    .demandCommand(1, 'say what to do')
    .example('$0 demo', 'two boxes on this machine, one of them killed, nothing lost')
    .example('$0 doctor', 'what this machine lacks, and how to get it')
    .example('$0 serve --dir /srv/state', 'start the box that is described in /srv/state/box.toml')
    .example('$0 status --dir /srv/state', 'what it and its partner are doing')
    .epilogue('"understudy COMMAND --help" tells more about a command.')
    .strict()
    .recommendCommands()
    .check(refuseTwice, true)
    .detectLocale(false)
    .version(shell.runner.version)
    .alias('help', 'h')
    .wrap(WIDTH)
    .exitProcess(false)
    .fail((message, error) => {
      // yargs has an error of its own for some mistakes, and only a message for the others.
      if (error instanceof Error && error.name !== 'YError') throw error;
      throw new UsageError(oneLine(message ?? error.message));
    });
}

/** yargs says `Invalid values:`, and each of them on a line of its own. */
function oneLine(message: string): string {
  const lines = message.split('\n').map((line) => line.trim());
  return lines.filter(Boolean).join('; ').replaceAll(':; ', ': ');
}

/** yargs makes a list of an option that is given twice; only these are meant to be lists. */
function refuseTwice(args: Readonly<Record<string, unknown>>): true {
  const twice = Object.entries(args).find(
    ([name, value]) => Array.isArray(value) && !['_', 'backend', 'networks'].includes(name),
  );
  if (twice === undefined) return true;
  throw new UsageError(`--${twice[0]} is given more than once`);
}
