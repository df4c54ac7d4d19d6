/** All commands ([MS-SMB2] §2.2.1.2), by their codes. */
import type { AnyCommand } from '../command.ts';
import { cancel } from './cancel.ts';
import { changeNotify } from './change-notify.ts';
import { close } from './close.ts';
import { create } from './create.ts';
import { echo } from './echo.ts';
import { flush } from './flush.ts';
import { ioctl } from './ioctl.ts';
import { lock } from './lock.ts';
import { logoff } from './logoff.ts';
import { negotiate } from './negotiate.ts';
import { oplockBreak } from './oplock-break.ts';
import { queryDirectory } from './query-directory.ts';
import { queryInfo } from './query-info.ts';
import { read } from './read.ts';
import { sessionSetup } from './session-setup.ts';
import { setInfo } from './set-info.ts';
import { treeConnect } from './tree-connect.ts';
import { treeDisconnect } from './tree-disconnect.ts';
import { write } from './write.ts';

const all = [
  negotiate,
  sessionSetup,
  logoff,
  treeConnect,
  treeDisconnect,
  create,
  close,
  flush,
  read,
  write,
  lock,
  ioctl,
  cancel,
  echo,
  queryDirectory,
  changeNotify,
  queryInfo,
  setInfo,
  oplockBreak,
];

export const commands: Readonly<Record<number, AnyCommand | undefined>> = Object.fromEntries(
  all.map((command) => [command.code, command as AnyCommand]),
);
