/** `understudy export add|list|remove`: what clients may mount, and who. */
import type { CommandModule } from 'yargs';
import type { Status, StatusExport } from '#core/status.ts';
import { ask } from '../control-client.ts';
import { controlOf, jsonOption, type Place, placeOptions } from '../place.ts';
import type { Shell } from '../shell.ts';
import { type Column, table } from '../table.ts';

export const EXPORT_COLUMNS: readonly Column<StatusExport>[] = [
  { title: 'EXPORT', cell: (row) => row.path },
  { title: 'VOLUME', cell: (row) => row.volume },
  { title: 'ACCESS', cell: (row) => (row.readOnly ? 'read' : 'read, write') },
  { title: 'SQUASH', cell: (row) => row.squash },
  { title: 'HANDLES', cell: (row) => row.handles },
  { title: 'NETWORKS', cell: (row) => row.networks.join(' ') },
];

export function exportCommand(shell: Shell): CommandModule {
  return {
    command: 'export',
    describe: 'What clients may mount: add, list, remove',
    builder: (args) =>
      args
        .command(addCommand(shell))
        .command(listCommand(shell))
        .command(removeCommand(shell))
        .demandCommand(1, 'say add, list or remove'),
    handler: () => {},
  };
}

type AddArgs = Place & {
  readonly PATH: string;
  readonly volume: string;
  readonly networks?: readonly string[];
  readonly squash: string;
  readonly readOnly: boolean;
  readonly handles: string;
};

function addCommand(shell: Shell): CommandModule<object, AddArgs> {
  return {
    command: 'add <PATH>',
    describe: 'Offer a volume to clients',
    builder: (args) =>
      args
        .positional('PATH', { type: 'string', describe: 'What clients mount: /files' })
        .options({ ...addOptions, ...placeOptions })
        .example('$0 export add /files --volume files', 'to loopback and private networks')
        .example(
          '$0 export add /files --volume files --networks 10.0.0.0/8,fd00::/8',
          'to these networks only',
        ) as never,
    handler: async (args) => {
      const networks = args.networks
        ?.flatMap((list) => list.split(','))
        .map((network) => network.trim())
        .filter((network) => network !== '');
      await ask(controlOf(shell, args), 'export.add', {
        path: args.PATH,
        volume: args.volume,
        ...(networks !== undefined && { networks }),
        squash: args.squash,
        readOnly: args.readOnly,
        handles: args.handles,
      });
      shell.out(`export ${args.PATH} added\n`);
    },
  };
}

const addOptions = {
  volume: { type: 'string', demandOption: true, requiresArg: true, describe: 'Name of the volume' },
  networks: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Networks that may mount it, in CIDR form; default loopback and private ranges',
  },
  squash: {
    choices: ['root_squash', 'no_root_squash', 'all_squash'] as const,
    default: 'root_squash' as const,
    describe: 'Whose callers become nobody',
  },
  'read-only': { type: 'boolean', default: false, describe: 'Refuse every change' },
  handles: {
    choices: ['generic', 'issuer'] as const,
    default: 'generic' as const,
    describe: 'How file handles are made',
  },
} as const;

function listCommand(shell: Shell): CommandModule<object, Place & { readonly json: boolean }> {
  return {
    command: 'list',
    describe: 'List exports',
    builder: (args) => args.options({ ...jsonOption, ...placeOptions }) as never,
    handler: async (args) => {
      const { exports } = (await ask(controlOf(shell, args), 'status')) as Status;
      if (args.json) shell.out(`${JSON.stringify(exports)}\n`);
      else shell.out(table(EXPORT_COLUMNS, exports) || 'no exports yet\n');
    },
  };
}

function removeCommand(shell: Shell): CommandModule<object, Place & { readonly PATH: string }> {
  return {
    command: 'remove <PATH>',
    describe: 'Offer it no more; its files stay',
    builder: (args) =>
      args
        .positional('PATH', { type: 'string', describe: 'What clients mounted' })
        .options(placeOptions) as never,
    handler: async (args) => {
      await ask(controlOf(shell, args), 'export.remove', { path: args.PATH });
      shell.out(`export ${args.PATH} removed\n`);
    },
  };
}
