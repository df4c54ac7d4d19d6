/** Sentences that say what failed, why, and what to do. */
import { codeOf, messageOf } from './errors.ts';

const LISTEN_REASONS = new Map([
  ['EADDRINUSE', 'another process listens there already; stop it or choose another port'],
  [
    'EADDRNOTAVAIL',
    'this machine does not have the address; add it to an interface or choose another',
  ],
  [
    'EACCES',
    'ports below 1024 need root or CAP_NET_BIND_SERVICE; grant that or choose a port from 1024',
  ],
  ['EAFNOSUPPORT', 'this machine has no such kind of address (IPv6 may be off); choose another'],
  ['ENOTFOUND', 'no such host name; give an IP address'],
  ['EMFILE', 'too many open files; raise the limit (ulimit -n)'],
]);

const CONNECT_REASONS = new Map([
  ['ECONNREFUSED', 'nothing listens there; is the other side running?'],
  ['EHOSTUNREACH', 'no route to the machine, or it is off'],
  ['ENETUNREACH', 'no route to its network'],
  ['ETIMEDOUT', 'it does not answer'],
  ['ECONNRESET', 'it closed the connection'],
  ['ENOTFOUND', 'no such host name'],
]);

export function listenRefusal(address: string, port: number, error: unknown): string {
  const reason = LISTEN_REASONS.get(codeOf(error)) ?? messageOf(error);
  return `cannot listen on ${endpoint(address, port)}: ${reason}`;
}

export function connectRefusal(address: string, port: number, error: unknown): string {
  const reason = CONNECT_REASONS.get(codeOf(error)) ?? messageOf(error);
  return `cannot connect to ${endpoint(address, port)}: ${reason}`;
}

/** `fingerprint` is empty for a peer that showed no certificate. */
export function strangerRefusal(address: string, port: number, fingerprint: string): string {
  const shown = fingerprint === '' ? 'shows no certificate' : `shows certificate ${fingerprint}`;
  return `refused ${endpoint(address, port)}: it ${shown}, which is none that this box was paired with`;
}

function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
