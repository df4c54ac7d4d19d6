/** `understudy volume create|list`: replicated trees of files. */
import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import type { Status, StatusVolume } from '#core/status.ts';
import { ask } from '../control-client.ts';
import { controlOf, jsonOption, type Place, placeOptions } from '../place.ts';
import { type Shell, UsageError } from '../shell.ts';
import { type Column, printSize, table } from '../table.ts';

export const VOLUME_COLUMNS: readonly Column<StatusVolume>[] = [
  { title: 'VOLUME', cell: (row) => row.name },
  { title: 'DURABILITY', cell: (row) => row.durability },
  {
    title: 'BACKEND',
    cell: (row) => (row.path === '' ? row.backend : `${row.backend}:${row.path}`),
  },
  { title: 'FILES', right: true, cell: (row) => row.files ?? '-' },
  { title: 'FREE', right: true, cell: (row) => printSize(row.sizeFree) },
  { title: 'OF', right: true, cell: (row) => printSize(row.sizeTotal) },
];

export function volumeCommand(shell: Shell): CommandModule {
  return {
    command: 'volume',
    describe: 'Replicated trees of files: create, list',
    builder: (args) =>
      args
        .command(createCommand(shell))
        .command(listCommand(shell))
        .demandCommand(1, 'say create or list'),
    handler: () => {},
  };
}

type CreateArgs = Place & {
  readonly NAME: string;
  readonly backend: readonly string[];
  readonly durability: 'disk' | 'memory';
};

function createCommand(shell: Shell): CommandModule<object, CreateArgs> {
  return {
    command: 'create <NAME>',
    describe: 'Create a volume, with a backend on every box',
    builder: (args) =>
      args
        .positional('NAME', { type: 'string', describe: 'a-z, 0-9, _ and -; at most 32' })
        .options({
          backend: {
            type: 'string',
            array: true,
            requiresArg: true,
            demandOption: true,
            describe:
              'Where its bytes live on a box: BOX=posix:PATH or BOX=memory; once for each box',
          },
          durability: {
            choices: ['disk', 'memory'] as const,
            default: 'disk' as const,
            describe: 'disk: synced on every box before a stable reply; memory: for boxes on a UPS',
          },
          ...placeOptions,
        })
        .example(
          '$0 volume create files --backend a=posix:/srv/files --backend b=memory',
          'unlike backends on two boxes',
        ) as never,
    handler: async (args) => {
      await ask(controlOf(shell, args), 'volume.create', {
        name: args.NAME,
        backends: parseBackends(args.backend),
        durability: args.durability,
      });
      shell.out(`volume ${args.NAME} created\n`);
    },
  };
}

/** `a=posix:/srv/files` to box and place. */
export function parseBackends(given: readonly string[]): Readonly<Record<string, string>> {
  const places = new Map<string, string>();
  for (const text of given) {
    const [, box, backend, path] = /^([^=:/]+)=([^:]+)(?::(.*))?$/.exec(text) ?? [];
    if (box === undefined || backend === undefined) {
      throw new UsageError(`--backend ${text}: must look like BOX=posix:/PATH or BOX=memory`);
    }
    if (places.has(box)) throw new UsageError(`--backend: box ${box} is named twice`);
    // A path is another box's as often as this one's: only what is absolute means the same on both.
    if (path !== undefined && resolve(path) !== path.replace(/(?<=.)\/+$/, '')) {
      throw new UsageError(`--backend ${text}: its path must be absolute, without . and ..`);
    }
    places.set(box, path === undefined ? backend : `${backend}:${path}`);
  }
  return Object.fromEntries(places);
}

function listCommand(shell: Shell): CommandModule<object, Place & { readonly json: boolean }> {
  return {
    command: 'list',
    describe: 'List volumes, as the box that is asked has them',
    builder: (args) => args.options({ ...jsonOption, ...placeOptions }) as never,
    handler: async (args) => {
      const { volumes } = (await ask(controlOf(shell, args), 'status')) as Status;
      if (args.json) shell.out(`${JSON.stringify(volumes)}\n`);
      else shell.out(table(VOLUME_COLUMNS, volumes) || 'no volumes yet\n');
    },
  };
}
