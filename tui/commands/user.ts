/** `understudy user add|list|password|disable|enable|remove`: who may log on to shares. */
import type { CommandModule } from 'yargs';
import type { Status, StatusUser } from '#core/status.ts';
import { ask } from '../control-client.ts';
import { readPassword } from '../password.ts';
import { controlOf, jsonOption, type Place, placeOptions } from '../place.ts';
import type { Shell } from '../shell.ts';
import { UsageError } from '../shell.ts';
import { type Column, table } from '../table.ts';

export const USER_COLUMNS: readonly Column<StatusUser>[] = [
  { title: 'USER', cell: (row) => row.name },
  { title: 'UID', right: true, cell: (row) => row.uid },
  { title: 'GID', right: true, cell: (row) => row.gid },
  { title: 'GROUPS', cell: (row) => row.groups.join(' ') || '-' },
  { title: 'STATE', cell: (row) => (row.disabled ? 'disabled' : 'may log on') },
];

export function userCommand(shell: Shell): CommandModule {
  return {
    command: 'user',
    describe: 'Who may log on to shares: add, list, password, disable, enable, remove',
    builder: (args) =>
      args
        .command(addCommand(shell))
        .command(listCommand(shell))
        .command(passwordCommand(shell))
        .command(ableCommand(shell, 'disable', 'Let nobody log on under this name'))
        .command(ableCommand(shell, 'enable', 'Let it log on again'))
        .command(removeCommand(shell))
        .demandCommand(1, 'say add, list, password, disable, enable or remove'),
    handler: () => {},
  };
}

type Named = Place & { readonly NAME: string };
type AddArgs = Named & {
  readonly uid?: number;
  readonly gid?: number;
  readonly groups?: string;
  readonly json: boolean;
};

const name = { type: 'string', describe: 'In whatever case' } as const;

function addCommand(shell: Shell): CommandModule<object, AddArgs> {
  return {
    command: 'add <NAME>',
    describe: 'Add one; the password comes from the terminal or from standard input',
    builder: (args) =>
      args
        .positional('NAME', { type: 'string', describe: 'What people type when they log on' })
        .options({ ...addOptions, ...jsonOption, ...placeOptions })
        .example('$0 user add zoe', 'asks for the password twice')
        .example('pass show zoe | $0 user add zoe --uid 1000', 'for programs') as never,
    handler: async (args) => {
      const groups = args.groups === undefined ? undefined : numbersOf('--groups', args.groups);
      const password = await readPassword(shell, args.NAME);
      const added = await ask(controlOf(shell, args), 'user.add', {
        name: args.NAME,
        password,
        ...(args.uid !== undefined && { uid: args.uid }),
        ...(args.gid !== undefined && { gid: args.gid }),
        ...(groups !== undefined && { groups }),
      });
      if (args.json) shell.out(`${JSON.stringify(added)}\n`);
      else shell.out(`user ${args.NAME} added, uid ${(added as StatusUser).uid}\n`);
    },
  };
}

const addOptions = {
  uid: {
    type: 'number',
    requiresArg: true,
    describe: 'Owner of what the user makes, as NFS shows it; default the next free one from 1000',
  },
  gid: { type: 'number', requiresArg: true, describe: 'Group of that; default the uid' },
  groups: { type: 'string', requiresArg: true, describe: 'Other groups, with commas: 100,50' },
} as const;

function numbersOf(option: string, list: string): number[] {
  const numbers = list.split(',').filter((part) => part.trim() !== '');
  return numbers.map((part) => {
    const number = Number(part);
    if (!Number.isInteger(number)) throw new UsageError(`${option}: ${part.trim()}: not a number`);
    return number;
  });
}

function listCommand(shell: Shell): CommandModule<object, Place & { readonly json: boolean }> {
  return {
    command: 'list',
    describe: 'List users',
    builder: (args) => args.options({ ...jsonOption, ...placeOptions }) as never,
    handler: async (args) => {
      const { users } = (await ask(controlOf(shell, args), 'status')) as Status;
      if (args.json) shell.out(`${JSON.stringify(users)}\n`);
      else shell.out(table(USER_COLUMNS, users) || 'no users yet\n');
    },
  };
}

function passwordCommand(shell: Shell): CommandModule<object, Named> {
  return {
    command: 'password <NAME>',
    describe: 'Change it; the new one comes from the terminal or from standard input',
    builder: (args) => args.positional('NAME', name).options(placeOptions) as never,
    handler: async (args) => {
      const password = await readPassword(shell, args.NAME);
      await ask(controlOf(shell, args), 'user.password', { name: args.NAME, password });
      shell.out(`password of ${args.NAME} changed\n`);
    },
  };
}

function ableCommand(
  shell: Shell,
  verb: 'disable' | 'enable',
  describe: string,
): CommandModule<object, Named> {
  return {
    command: `${verb} <NAME>`,
    describe,
    builder: (args) => args.positional('NAME', name).options(placeOptions) as never,
    handler: async (args) => {
      const disabled = verb === 'disable';
      await ask(controlOf(shell, args), 'user.able', { name: args.NAME, disabled });
      shell.out(`user ${args.NAME} ${verb}d\n`);
    },
  };
}

function removeCommand(shell: Shell): CommandModule<object, Named> {
  return {
    command: 'remove <NAME>',
    describe: 'Take the name away; files stay, and stay owned by its uid',
    builder: (args) => args.positional('NAME', name).options(placeOptions) as never,
    handler: async (args) => {
      await ask(controlOf(shell, args), 'user.remove', { name: args.NAME });
      shell.out(`user ${args.NAME} removed\n`);
    },
  };
}
