/**
 * Ends TCP connections of this machine from outside, whoever has them: sock_diag(7) and SOCK_DESTROY. The kernel keeps what
 * a process left that was killed, and asks the other end again and again; when the address is back, a client that comes
 * from the same port would meet it.
 */
import { SyscallError } from '#core/ports/syscalls.ts';
import { AF_INET, AF_INET6, inetBytes, isIpv6 } from './inet.ts';
import { attribute, NETLINK_SOCK_DIAG, Netlink } from './netlink.ts';

const SOCK_DIAG_BY_FAMILY = 20;
const SOCK_DESTROY = 21;
const IPPROTO_TCP = 6;
const TCP_LISTEN = 10;
/** All states but listening, as bits. */
const CONNECTED = 0xfff & ~(1 << TCP_LISTEN);
const INET_DIAG_REQ_BYTECODE = 1;
/** Is the local address this one? */
const INET_DIAG_BC_S_COND = 7;
const CONDITION_HEAD_SIZE = 12;
/** `struct inet_diag_sockid`, in the request and in the answer. */
const ID_SIZE = 48;
const REQUEST_ID_OFFSET = 8;
const ANSWER_ID_OFFSET = 4;
/** Gone meanwhile; not to be ended; or the kernel was built without (CONFIG_INET_DIAG_DESTROY). */
const ALLOWED = ['ENOENT', 'EINVAL', 'EOPNOTSUPP'];
/** The kernel was built without CONFIG_INET_DIAG: then it cannot be asked, and what it keeps remains. */
const CANNOT = ['ENOENT', 'EPROTONOSUPPORT'];

export class SockDiag {
  readonly #netlink = open();

  /** Ends every connection that has this local address, also of other processes. Throws `LanError`. */
  dropAll(address: string): void {
    const ids: Buffer[] = [];
    const message = Buffer.concat([requestOf(address), condition(address)]);
    const request = { type: SOCK_DIAG_BY_FAMILY, message, what: address, allowed: CANNOT };
    this.#netlink?.list(request, (body) => {
      ids.push(Buffer.from(body.subarray(ANSWER_ID_OFFSET, ANSWER_ID_OFFSET + ID_SIZE)));
    });
    for (const id of ids) {
      const named = requestOf(address);
      id.copy(named, REQUEST_ID_OFFSET);
      this.#netlink?.ask({ type: SOCK_DESTROY, message: named, what: address, allowed: ALLOWED });
    }
  }

  close(): void {
    this.#netlink?.close();
  }
}

function open(): Netlink | undefined {
  try {
    return new Netlink(NETLINK_SOCK_DIAG);
  } catch (error) {
    if (error instanceof SyscallError && CANNOT.includes(error.code)) return undefined;
    throw error;
  }
}

/** `struct inet_diag_req_v2`. */
function requestOf(address: string): Buffer {
  const request = Buffer.alloc(REQUEST_ID_OFFSET + ID_SIZE);
  request.writeUInt8(isIpv6(address) ? AF_INET6 : AF_INET, 0);
  request.writeUInt8(IPPROTO_TCP, 1);
  request.writeUInt32LE(CONNECTED, 4);
  return request;
}

/** A program of one operation for the kernel, which looks at sockets so that we need not. */
function condition(address: string): Buffer {
  const bytes = inetBytes(address);
  const size = CONDITION_HEAD_SIZE + bytes.length;
  const head = Buffer.alloc(CONDITION_HEAD_SIZE);
  head.writeUInt8(INET_DIAG_BC_S_COND, 0);
  // Where it goes on: at the end, which is a yes, or beyond it, which is a no.
  head.writeUInt8(size, 1);
  head.writeUInt16LE(size + 4, 2);
  head.writeUInt8(isIpv6(address) ? AF_INET6 : AF_INET, 4);
  head.writeUInt8(bytes.length * 8, 5);
  head.writeInt32LE(-1, 8); // any port
  return attribute(INET_DIAG_REQ_BYTECODE, Buffer.concat([head, bytes]));
}
