/** The C library of this process, called through koffi, and its error numbers by name. */
import koffi from 'koffi';
import { SyscallError } from '#core/ports/syscalls.ts';

const library = koffi.load(null);

/** Declares a function of the C library; a result of -1 means that `koffi.errno()` says why. */
export function libc(declaration: string): (...values: unknown[]) => number {
  return library.func(declaration) as (...values: unknown[]) => number;
}

/** The call in a thread of koffi's. Why it failed, if it did, cannot be asked there. */
export function later(
  call: (...values: unknown[]) => number,
  ...values: unknown[]
): Promise<number> {
  type Done = (error: Error | null, result: number) => void;
  const threaded = call as unknown as { readonly async: (...values: [...unknown[], Done]) => void };
  return new Promise((resolve, reject) => {
    threaded.async(...values, (error, result) =>
      error === null ? resolve(result) : reject(error),
    );
  });
}

/** Numbers that have two names keep the first in the alphabet, which is the one Linux prints (`EAGAIN`). */
const NAMES = new Map<number, string>(
  Object.entries(koffi.os.errno)
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .map(([name, number]) => [number, name]),
);

export function nameOfError(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}

/** The error of the call that has just failed. */
export function lastError(syscall: string): SyscallError {
  const errno = koffi.errno();
  return new SyscallError(syscall, nameOfError(errno), errno);
}

/** The address of a buffer's bytes; good only while the buffer is reachable. */
export function addressOf(bytes: Uint8Array): bigint {
  return koffi.address(bytes);
}

/** `result` of a call, or its error. */
export function checked(syscall: string, result: number): number {
  if (result < 0) throw lastError(syscall);
  return result;
}
