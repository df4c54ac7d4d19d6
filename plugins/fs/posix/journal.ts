/** Whether an ext file system has a journal: ext2, and ext4 made without one, look the same to statfs(2). */
import { readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { codeOf } from './status.ts';

/** @param device As `st_dev` has it. @param folders Where the kernel tells of block devices and of their journals. */
export function hasJournal(
  device: number,
  folders = { devices: '/sys/dev/block', journals: '/proc/fs/jbd2' },
): boolean {
  try {
    const name = basename(readlinkSync(`${folders.devices}/${majorOf(device)}:${minorOf(device)}`));
    // A journal inside the file system is named after its device and inode, one elsewhere after that device.
    return readdirSync(folders.journals).some((journal) => journal.startsWith(`${name}-`));
  } catch (error) {
    // Not to be seen from here: then nothing is taken for granted.
    if (codeOf(error) === '') throw error;
    return false;
  }
}

/** `gnu_dev_major` and `gnu_dev_minor` of glibc, for the 32 bits that Linux uses. */
function majorOf(device: number): number {
  return (device >>> 8) & 0xfff;
}

function minorOf(device: number): number {
  return (device & 0xff) | ((device >>> 12) & 0xfff00);
}
