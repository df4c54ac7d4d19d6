/** `understudy status`: the cluster as one of its boxes sees it. */
import type { CommandModule } from 'yargs';
import type { Status, StatusAside, StatusBox, StatusClient } from '#core/status.ts';
import { ask } from '../control-client.ts';
import { controlOf, jsonOption, type Place, placeOptions } from '../place.ts';
import type { Shell } from '../shell.ts';
import { type Column, plain, table } from '../table.ts';
import { ADDRESS_COLUMNS } from './address.ts';
import { EXPORT_COLUMNS } from './export.ts';
import { SHARE_COLUMNS } from './share.ts';
import { USER_COLUMNS } from './user.ts';
import { VOLUME_COLUMNS } from './volume.ts';

export function statusCommand(
  shell: Shell,
): CommandModule<object, Place & { readonly json: boolean }> {
  return {
    command: 'status',
    describe: 'Boxes, views, positions, services, volumes, clients',
    builder: (args) =>
      args
        .options({ ...jsonOption, ...placeOptions })
        .example('$0 status --dir /srv/state', 'for people')
        .example('$0 status --json | jq .boxes', 'for programs') as never,
    handler: async (args) => {
      const status = (await ask(controlOf(shell, args), 'status')) as Status;
      shell.out(args.json ? `${JSON.stringify(status)}\n` : printStatus(status));
    },
  };
}

const BOX_COLUMNS: readonly Column<StatusBox>[] = [
  { title: 'BOX', cell: (row) => row.name },
  { title: 'ADDRESS', cell: (row) => row.address },
  {
    title: 'ROLE',
    cell: (row) => (row.primary && row.role !== 'primary' ? `${row.role}, primary` : row.role),
  },
  { title: 'CONDITION', cell: condition },
  { title: 'STAGED', right: true, cell: (row) => row.positions.staged },
  { title: 'COMMITTED', right: true, cell: (row) => row.positions.committed },
  { title: 'APPLIED', right: true, cell: (row) => row.positions.applied },
  { title: 'LAG', right: true, cell: (row) => row.lag },
  {
    title: 'LEASE',
    right: true,
    cell: (row) => (row.leaseMs === undefined ? '-' : `${row.leaseMs.toFixed(0)} ms`),
  },
];

const CLIENT_COLUMNS: readonly Column<StatusClient>[] = [
  { title: 'CLIENT', cell: (row) => row.address },
  { title: 'PROTOCOL', cell: (row) => row.protocol },
  { title: 'CALLS', right: true, cell: (row) => row.calls },
];

const ASIDE_COLUMNS: readonly Column<StatusAside>[] = [
  { title: 'SET ASIDE', cell: (row) => row.file },
  { title: 'ENTRIES', right: true, cell: (row) => row.entries },
];

function condition(row: StatusBox): string {
  if (!row.up) return 'down';
  const sync = row.inSync ? 'in sync' : 'not in sync';
  return row.serving ? `${sync}, serving` : sync;
}

export function printStatus(status: Status): string {
  const { cluster, view, committed, arbiter, boxes } = status;
  const head = [
    `cluster ${plain(cluster.name)}, view ${view}, committed ${committed}, asked box ${plain(status.self)}`,
    `arbiter ${plain(arbiter.mode)}: ${plain(arbiter.condition)}`,
  ];
  const sentences = boxes
    .filter((box) => box.sentence !== '')
    .map((box) => `box ${plain(box.name)}: ${plain(box.sentence)}\n`);
  const parts = [
    `${head.join('\n')}\n`,
    table(BOX_COLUMNS, boxes) + sentences.join(''),
    table(ADDRESS_COLUMNS, status.addresses),
    table(VOLUME_COLUMNS, status.volumes),
    table(EXPORT_COLUMNS, status.exports),
    table(SHARE_COLUMNS, status.shares),
    table(USER_COLUMNS, status.users),
    table(CLIENT_COLUMNS, status.clients),
    table(ASIDE_COLUMNS, status.aside),
  ];
  return parts.filter((part) => part !== '').join('\n');
}
