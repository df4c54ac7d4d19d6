/** The system calls of `core/ports/syscalls.ts`, on Linux. */
import { fstatSync } from 'node:fs';
import {
  KERNEL_HANDLE_SIZE_MAX,
  type KernelHandle,
  SyscallError,
  type Syscalls,
} from '#core/ports/syscalls.ts';
import { addressOf, checked, lastError, later, libc } from './libc.ts';

const AT_FDCWD = -100;
/** The same on x86-64 and arm64. */
const O_CLOEXEC = 0o2000000;
/** `preadv2`: fail rather than wait for the disk. */
const RWF_NOWAIT = 8;
/** `struct file_handle`: its bytes' count and type stand before them. */
const HANDLE_HEADER_SIZE = 8;
/** `name_to_handle_at` of something that has no handle. */
const WITHOUT_HANDLE = new Set(['EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EOVERFLOW']);
const WITHOUT_ATTRIBUTES = new Set(['EOPNOTSUPP', 'ENOTSUP', 'ENOSYS']);
/** `lgetxattr` of what has no such attribute, or none of ours. */
const NO_ATTRIBUTE = new Set([...WITHOUT_ATTRIBUTES, 'ENODATA', 'ENOATTR', 'ERANGE']);
/** `preadv2` with RWF_NOWAIT where nothing is cached, or where the kernel or file system cannot tell. */
const WOULD_BLOCK = new Set(['EAGAIN', 'EWOULDBLOCK', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EINTR']);

const nameToHandleAt = libc('int name_to_handle_at(int, void *, void *, void *, int)');
const openByHandleAt = libc('int open_by_handle_at(int, void *, int)');
const mknodat = libc('int mknodat(int, void *, uint32_t, uint64_t)');
const lsetxattr = libc('int lsetxattr(void *, void *, void *, size_t, int)');
const fsetxattr = libc('int fsetxattr(int, void *, void *, size_t, int)');
const lgetxattr = libc('int64_t lgetxattr(void *, void *, void *, size_t)');
const syncfs = libc('int syncfs(int)');
const preadv2 = libc('int64_t preadv2(int, void *, int, int64_t, int)');

export function createSyscalls(): Syscalls {
  // Calls are synchronous and the kernel keeps no pointer, so that one scratch area of each kind serves them all.
  const handle = Buffer.alloc(HANDLE_HEADER_SIZE + KERNEL_HANDLE_SIZE_MAX);
  const mount = Buffer.alloc(4);
  const vector = Buffer.alloc(16);
  return {
    nameToHandle(path) {
      handle.writeUInt32LE(KERNEL_HANDLE_SIZE_MAX, 0);
      if (nameToHandleAt(AT_FDCWD, terminated(path), handle, mount, 0) < 0) {
        const error = lastError('name_to_handle_at');
        if (WITHOUT_HANDLE.has(error.code)) return undefined;
        throw error;
      }
      return readHandle(handle);
    },
    openByHandle(mountFd, type, bytes, flags) {
      if (bytes.length > KERNEL_HANDLE_SIZE_MAX) {
        throw new RangeError(
          `kernel handle: ${bytes.length} bytes, at most ${KERNEL_HANDLE_SIZE_MAX}`,
        );
      }
      handle.writeUInt32LE(bytes.length, 0);
      handle.writeInt32LE(type, 4);
      handle.set(bytes, HANDLE_HEADER_SIZE);
      return checked('open_by_handle_at', openByHandleAt(mountFd, handle, flags | O_CLOEXEC));
    },
    makeNode(path, mode, major, minor) {
      checked('mknodat', mknodat(AT_FDCWD, terminated(path), mode, deviceNumber(major, minor)));
    },
    setAttribute(object, name, value) {
      const result =
        typeof object === 'number'
          ? fsetxattr(object, terminated(name), value, value.length, 0)
          : lsetxattr(terminated(object), terminated(name), value, value.length, 0);
      if (result >= 0) return true;
      const error = lastError('setxattr');
      if (WITHOUT_ATTRIBUTES.has(error.code)) return false;
      throw error;
    },
    getAttribute(path, name, target) {
      const size = lgetxattr(terminated(path), terminated(name), target, target.length);
      if (size >= 0) return size;
      const error = lastError('lgetxattr');
      if (NO_ATTRIBUTE.has(error.code)) return undefined;
      throw error;
    },
    async syncFilesystem(fd) {
      // Of a thread the error number cannot be had; a descriptor that is none is told from a disk that failed.
      fstatSync(fd);
      if ((await later(syncfs, fd)) < 0) throw new SyscallError('syncfs', 'EIO', 5);
    },
    readNow(fd, target, offset) {
      vector.writeBigUInt64LE(addressOf(target), 0);
      vector.writeBigUInt64LE(BigInt(target.length), 8);
      const size = preadv2(fd, vector, 1, offset, RWF_NOWAIT);
      if (size >= 0) return size;
      const error = lastError('preadv2');
      if (WOULD_BLOCK.has(error.code)) return 'would-block';
      throw error;
    },
  };
}

function readHandle(bytes: Buffer): KernelHandle {
  const size = bytes.readUInt32LE(0);
  const type = bytes.readInt32LE(4);
  return {
    type,
    bytes: Buffer.from(bytes.subarray(HANDLE_HEADER_SIZE, HANDLE_HEADER_SIZE + size)),
  };
}

/** Without its NUL a path would run on into whatever stands behind it in memory. */
function terminated(path: Buffer): Buffer {
  if (path.length === 0 || path[path.length - 1] !== 0) {
    throw new RangeError('path: its closing NUL is missing');
  }
  return path;
}

/** `makedev` of glibc: 12 and 20 bits lie where older kernels had 8 and 8. */
function deviceNumber(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return (
    (low & 0xffn) | ((high & 0xfffn) << 8n) | ((low & ~0xffn) << 12n) | ((high & ~0xfffn) << 32n)
  );
}
