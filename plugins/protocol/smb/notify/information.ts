/** FILE_NOTIFY_INFORMATION ([MS-FSCC] §2.7.1), one after the other. */
import { readChain, writeChain } from '../info/chain.ts';
import type { SmbWriter } from '../wire/writer.ts';
import type { Notification } from './watch.ts';

const NOTIFICATIONS_MAX = 1 << 16;

export function writeNotifications(to: SmbWriter, notifications: readonly Notification[]): void {
  writeChain(to, notifications, 4, (entry, { action, path }) => {
    entry.u32(action);
    entry.u32(path.length * 2);
    entry.text(path);
  });
}

export function readNotifications(bytes: Buffer): Notification[] {
  return readChain(bytes, NOTIFICATIONS_MAX, (entry) => {
    const action = entry.u32();
    return { action, path: entry.text(entry.u32()) };
  });
}
