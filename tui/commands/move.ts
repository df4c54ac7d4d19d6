/** `understudy move`: a planned move of the service to another box. */
import type { CommandModule } from 'yargs';
import { ask } from '../control-client.ts';
import { controlOf, type Place, placeOptions } from '../place.ts';
import type { Shell } from '../shell.ts';

export function moveCommand(shell: Shell): CommandModule<object, Place & { readonly to: string }> {
  return {
    command: 'move',
    describe: 'Let another box serve; clients notice nothing',
    builder: (args) =>
      args
        .options({
          to: {
            type: 'string',
            demandOption: true,
            requiresArg: true,
            describe: 'Name of the box',
          },
          ...placeOptions,
        })
        .example('$0 move --to b', 'before the box that serves now is switched off') as never,
    handler: async (args) => {
      await ask(controlOf(shell, args), 'move', { to: args.to });
      shell.out(`box ${args.to} serves now\n`);
    },
  };
}
