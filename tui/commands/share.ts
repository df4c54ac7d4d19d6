/** `understudy share add|list|remove`: what SMB clients may connect to. */
import type { CommandModule } from 'yargs';
import type { Status, StatusShare } from '#core/status.ts';
import { ask } from '../control-client.ts';
import { controlOf, jsonOption, type Place, placeOptions } from '../place.ts';
import { type Shell, UsageError } from '../shell.ts';
import { type Column, table } from '../table.ts';

export const SHARE_COLUMNS: readonly Column<StatusShare>[] = [
  { title: 'SHARE', cell: (row) => row.name },
  { title: 'VOLUME', cell: (row) => row.volume },
  { title: 'ACCESS', cell: (row) => (row.readOnly ? 'read' : 'read, write') },
  { title: 'ENCRYPTED', cell: (row) => (row.encrypted ? 'demanded' : 'if asked for') },
  { title: 'NETWORKS', cell: (row) => row.networks.join(' ') },
  { title: 'COMMENT', cell: (row) => row.comment || '-' },
];

export function shareCommand(shell: Shell): CommandModule {
  return {
    command: 'share',
    describe: 'What SMB clients may connect to: add, list, remove',
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
  readonly NAME: string;
  readonly volume: string;
  readonly folder: string;
  readonly networks?: readonly string[];
  readonly readOnly: boolean;
  readonly encrypted: boolean;
  readonly comment: string;
  readonly owner?: string;
  readonly mode?: string;
};

function addCommand(shell: Shell): CommandModule<object, AddArgs> {
  return {
    command: 'add <NAME>',
    describe: 'Offer a volume, or a folder of it',
    builder: (args) =>
      args
        .positional('NAME', { type: 'string', describe: 'What clients name: family' })
        .options({ ...addOptions, ...placeOptions })
        .example('$0 share add family --volume files --owner zoe', 'a volume, for zoe to write to')
        .example(
          '$0 share add papers --volume files --folder /papers --encrypted',
          'a folder, over encrypted sessions only',
        ) as never,
    handler: async (args) => {
      const networks = args.networks
        ?.flatMap((list) => list.split(','))
        .map((network) => network.trim())
        .filter((network) => network !== '');
      await ask(controlOf(shell, args), 'share.add', {
        name: args.NAME,
        volume: args.volume,
        folder: args.folder,
        readOnly: args.readOnly,
        encrypted: args.encrypted,
        comment: args.comment,
        ...(networks !== undefined && { networks }),
        ...(args.owner !== undefined && { owner: args.owner }),
        ...(args.mode !== undefined && { mode: modeOf(args.mode) }),
      });
      shell.out(`share ${args.NAME} added\n`);
    },
  };
}

function modeOf(text: string): number {
  if (/^[0-7]{3,4}$/.test(text)) return Number.parseInt(text, 8);
  throw new UsageError(`--mode: ${text}: not three or four octal digits, such as 0775`);
}

const addOptions = {
  volume: { type: 'string', demandOption: true, requiresArg: true, describe: 'Name of the volume' },
  folder: {
    type: 'string',
    requiresArg: true,
    default: '/',
    describe: 'Folder of the volume that it offers; must be there',
  },
  networks: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Networks that may use it, in CIDR form; default loopback and private ranges',
  },
  'read-only': { type: 'boolean', default: false, describe: 'Refuse every change' },
  encrypted: {
    type: 'boolean',
    default: false,
    describe: 'Refuse sessions that do not encrypt (SMB 3.0 and later)',
  },
  owner: {
    type: 'string',
    requiresArg: true,
    describe:
      "User whose the folder becomes; a new volume's is root's, and no user may write there",
  },
  mode: { type: 'string', requiresArg: true, describe: 'Permissions that the folder gets: 0775' },
  comment: { type: 'string', requiresArg: true, default: '', describe: 'Shown beside it' },
} as const;

function listCommand(shell: Shell): CommandModule<object, Place & { readonly json: boolean }> {
  return {
    command: 'list',
    describe: 'List shares',
    builder: (args) => args.options({ ...jsonOption, ...placeOptions }) as never,
    handler: async (args) => {
      const { shares } = (await ask(controlOf(shell, args), 'status')) as Status;
      if (args.json) shell.out(`${JSON.stringify(shares)}\n`);
      else shell.out(table(SHARE_COLUMNS, shares) || 'no shares yet\n');
    },
  };
}

function removeCommand(shell: Shell): CommandModule<object, Place & { readonly NAME: string }> {
  return {
    command: 'remove <NAME>',
    describe: 'Offer it no more; its files stay',
    builder: (args) =>
      args
        .positional('NAME', { type: 'string', describe: 'In whatever case' })
        .options(placeOptions) as never,
    handler: async (args) => {
      await ask(controlOf(shell, args), 'share.remove', { name: args.NAME });
      shell.out(`share ${args.NAME} removed\n`);
    },
  };
}
