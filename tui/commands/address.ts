/** `understudy address add|list|remove`: the addresses that clients mount and that move from box to box. */
import type { CommandModule } from 'yargs';
import type { Status, StatusAddress } from '#core/status.ts';
import { ask } from '../control-client.ts';
import { controlOf, jsonOption, type Place, placeOptions } from '../place.ts';
import type { Shell } from '../shell.ts';
import { type Column, plain, table } from '../table.ts';

export const ADDRESS_COLUMNS: readonly Column<StatusAddress>[] = [
  { title: 'ADDRESS', cell: (row) => row.address },
  {
    title: 'INTERFACE',
    cell: (row) => row.interface || (isLoopback(row) ? '(loopback)' : '(by network)'),
  },
  { title: 'HERE', cell: (row) => (row.held ? 'yes' : 'no') },
  { title: 'CONDITION', cell: (row) => plain(row.condition) || '-' },
];

export function addressCommand(shell: Shell): CommandModule {
  return {
    command: 'address',
    describe: 'Addresses that clients mount: add, list, remove',
    builder: (args) =>
      args
        .command(addCommand(shell))
        .command(listCommand(shell))
        .command(removeCommand(shell))
        .demandCommand(1, 'say add, list or remove'),
    handler: () => {},
  };
}

type AddArgs = Place & { readonly ADDRESS: string; readonly interface?: string };

function addCommand(shell: Shell): CommandModule<object, AddArgs> {
  return {
    command: 'add <ADDRESS>',
    describe: 'Serve at one more address',
    builder: (args) =>
      args
        .positional('ADDRESS', { type: 'string', describe: 'IPv4 or IPv6 address' })
        .options({
          interface: {
            type: 'string',
            requiresArg: true,
            describe:
              'Network interface of every box that carries it; without it, the one whose network holds it',
          },
          ...placeOptions,
        })
        .example('$0 address add 192.168.1.10 --interface eth0', 'an address of the LAN') as never,
    handler: async (args) => {
      await ask(controlOf(shell, args), 'address.add', {
        address: args.ADDRESS,
        ...(args.interface !== undefined && { interface: args.interface }),
      });
      shell.out(`address ${args.ADDRESS} added\n`);
    },
  };
}

function listCommand(shell: Shell): CommandModule<object, Place & { readonly json: boolean }> {
  return {
    command: 'list',
    describe: 'List service addresses',
    builder: (args) => args.options({ ...jsonOption, ...placeOptions }) as never,
    handler: async (args) => {
      const { addresses } = (await ask(controlOf(shell, args), 'status')) as Status;
      if (args.json) shell.out(`${JSON.stringify(addresses)}\n`);
      else shell.out(table(ADDRESS_COLUMNS, addresses) || 'no addresses yet\n');
    },
  };
}

function removeCommand(shell: Shell): CommandModule<object, Place & { readonly ADDRESS: string }> {
  return {
    command: 'remove <ADDRESS>',
    describe: 'Serve there no more',
    builder: (args) =>
      args
        .positional('ADDRESS', { type: 'string', describe: 'Address to give up' })
        .options(placeOptions) as never,
    handler: async (args) => {
      await ask(controlOf(shell, args), 'address.remove', { address: args.ADDRESS });
      shell.out(`address ${args.ADDRESS} removed\n`);
    },
  };
}

function isLoopback({ address }: StatusAddress): boolean {
  return address === '::1' || address.startsWith('127.');
}
