/**
 * FSCTL_QUERY_NETWORK_INTERFACE_INFO: addresses that clients may connect to as well ([MS-SMB2] §2.2.32.5, §3.3.5.15.11).
 * Only those that move with the service: a box's own would be gone after a takeover.
 */
import { writeChain } from '../info/chain.ts';
import { written } from '../query/output.ts';
import { STATUS_BUFFER_TOO_SMALL, STATUS_NOT_SUPPORTED, STATUS_SUCCESS } from '../status.ts';
import type { SmbWriter } from '../wire/writer.ts';
import type { Fsctl } from './fsctl.ts';

const DIALECT_FIRST = 0x0300;
const LINK_SPEED = 1_000_000_000n;
const AF_INET = 0x0002;
const AF_INET6 = 0x0017;
const SOCKADDR_STORAGE_SIZE = 128;

export const queryNetworkInterfaces: Fsctl = {
  name: 'FSCTL_QUERY_NETWORK_INTERFACE_INFO',
  code: 0x0014_01fc,
  on: 'server',

  handle(call, { outputSizeMax }) {
    if (call.connection.dialect < DIALECT_FIRST) return { status: STATUS_NOT_SUPPORTED };
    const addresses = call.scene.group.addresses().map(({ address }) => address);
    const output = written((to) => {
      writeChain(to, [...addresses.entries()], 8, (entry, [index, address]) => {
        entry.u32(index + 1);
        entry.u32(0);
        entry.u32(0);
        entry.u64(LINK_SPEED);
        writeAddress(entry, address);
      });
    });
    if (output.length > outputSizeMax) return { status: STATUS_BUFFER_TOO_SMALL };
    return { status: STATUS_SUCCESS, response: { output } };
  },
};

function writeAddress(to: SmbWriter, address: string): void {
  const start = to.offset;
  if (address.includes(':')) {
    to.u16(AF_INET6);
    to.zeros(6);
    for (const group of groupsOf(address)) {
      to.u8(group >> 8);
      to.u8(group & 0xff);
    }
  } else {
    to.u16(AF_INET);
    to.zeros(2);
    for (const byte of address.split('.')) to.u8(Number(byte));
  }
  to.zeros(SOCKADDR_STORAGE_SIZE - (to.offset - start));
}

/** The eight groups of an IPv6 literal. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = (address.split('%')[0] as string).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...gap, ...after].slice(0, 8).map((group) => Number.parseInt(group, 16));
}
