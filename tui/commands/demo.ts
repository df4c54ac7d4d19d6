/** `understudy demo`: two boxes and a witness on this machine; the serving one is killed while files are copied. */
import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import type { DemoOptions } from '../runner.ts';
import type { Shell } from '../shell.ts';

const options = {
  source: {
    type: 'string',
    requiresArg: true,
    describe: "Folder to copy; default this program's sources, or a sample",
  },
  once: {
    type: 'boolean',
    default: false,
    describe: 'End after the report; exit code 1 if it failed',
  },
  dir: {
    type: 'string',
    requiresArg: true,
    describe: 'Where the boxes keep their things; default temporary',
  },
  address: {
    type: 'string',
    requiresArg: true,
    default: '127.0.0.10',
    describe: 'Service address',
  },
  handles: {
    choices: ['generic', 'issuer'] as const,
    default: 'generic' as const,
    describe: 'How file handles are made',
  },
  durability: {
    choices: ['disk', 'memory'] as const,
    default: 'memory' as const,
    describe: 'Where a write must be before it is acknowledged',
  },
} as const;

type Args = Pick<DemoOptions, 'once' | 'address' | 'handles' | 'durability'> & {
  readonly source?: string;
  readonly dir?: string;
};

export function demoCommand(shell: Shell): CommandModule<object, Args> {
  return {
    command: 'demo',
    describe: 'Show a takeover on this machine: no root needed, nothing left behind',
    builder: (args) =>
      args
        .options(options)
        .example('$0 demo --once', 'copy, kill, compare, report, end')
        .example(
          '$0 demo --source ~/Pictures',
          'with files of your own; they are only read',
        ) as never,
    handler: async ({ source, dir, once, address, handles, durability }) => {
      shell.code = await shell.runner.demo({
        source: source === undefined ? undefined : resolve(source),
        directory: dir === undefined ? undefined : resolve(dir),
        once,
        address,
        handles,
        durability,
      });
    },
  };
}
