/** `understudy witness`: runs the third machine's part, one durable register. */
import type { CommandModule } from 'yargs';
import type { LogLevel } from '#core/log-line.ts';
import { directoryOf, dirOption, type Place } from '../place.ts';
import type { Shell } from '../shell.ts';
import { logOption } from './serve.ts';

type Args = Place & { readonly logLevel: LogLevel | undefined };

export function witnessCommand(shell: Shell): CommandModule<object, Args> {
  return {
    command: 'witness',
    describe: 'Run a witness in the foreground: it serves no files, it breaks ties',
    builder: (args) =>
      args
        .options({ dir: dirOption, ...logOption })
        .example('$0 witness --dir /srv/witness', 'on anything third: a Pi, a router') as never,
    handler: async (args) => {
      const { logLevel } = args;
      shell.code = await shell.runner.witness({ directory: directoryOf(shell, args), logLevel });
    },
  };
}
