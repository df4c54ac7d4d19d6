/** Names this boot of the machine: what was in the page cache is still there exactly while the name is the same. */
import { readFileSync } from 'node:fs';

export function boot(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}
