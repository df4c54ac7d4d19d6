/** `understudy serve`: runs a box in the foreground until it is told to stop. */
import type { CommandModule } from 'yargs';
import { optionRows } from '#core/config.ts';
import type { LogLevel } from '#core/log-line.ts';
import type { Plugin } from '#core/plugin.ts';
import { controlOf, directoryOf, type Place, placeOptions } from '../place.ts';
import type { Shell } from '../shell.ts';

export const logOption = {
  'log-level': {
    choices: ['debug', 'info', 'warn', 'error'] as const,
    describe: 'Least important log lines on standard error; default info, or what box.toml says',
  },
} as const;

type Args = Place & { readonly logLevel: LogLevel | undefined };

export function serveCommand(shell: Shell): CommandModule<object, Args> {
  return {
    command: 'serve',
    describe: 'Run a box in the foreground',
    builder: (args) =>
      args
        .options({ ...placeOptions, ...logOption })
        .example('$0 serve --dir /srv/state', 'the box that /srv/state/box.toml describes')
        .epilogue(printOptions(shell.runner.plugins)) as never,
    handler: async (args) => {
      shell.code = await shell.runner.serve({
        directory: directoryOf(shell, args),
        control: controlOf(shell, args),
        logLevel: args.logLevel,
      });
    },
  };
}

function printOptions(plugins: readonly Plugin[]): string {
  const blocks = plugins
    .filter((plugin) => Object.keys(plugin.options).length > 0)
    .map(({ id, options }) => {
      const lines = optionRows(options).map(({ name, type, fallback, help }) => {
        const initial = fallback === '' ? '' : `, default ${fallback}`;
        return `  ${name} (${type.replaceAll('`', '')}${initial})\n      ${help}`;
      });
      return `[plugin.${/^\w+$/.test(id) ? id : `"${id}"`}]\n${lines.join('\n')}`;
    });
  return ['What DIR/box.toml may say to plugins:', ...blocks].join('\n\n');
}
