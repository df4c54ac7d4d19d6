/** One call of every procedure of every program that `protocol/nfs` serves, as bytes, for fuzzing. */
import { SET_NOTHING } from '#core/vfs/set-attributes.ts';
import { Writer } from '#core/wire/writer.ts';
import { mountProgram } from '#plugins/protocol/nfs/mount/program.ts';
import { portmapProgram } from '#plugins/protocol/nfs/portmap/program.ts';
import type { AnyProcedure } from '#plugins/protocol/nfs/rpc/procedure.ts';
import { nfsProgram } from '#plugins/protocol/nfs/v3/program.ts';

export interface Sample {
  readonly program: number;
  readonly version: number;
  readonly procedure: AnyProcedure;
  readonly args: Buffer;
}

/** Arguments by procedure's name. `handle` is a directory's. */
function argumentsOf(handle: Buffer): Readonly<Record<string, unknown>> {
  const set = { ...SET_NOTHING, mode: 0o640, size: 10, mtime: { seconds: 5, nanoseconds: 6 } };
  const where = { dir: handle, name: 'name' };
  const verifier = Buffer.alloc(8, 1);
  const binding = { program: 100_003, version: 3, netid: 'tcp', address: '', owner: 'me' };
  const mapping = { program: 100_003, version: 3, protocol: 6, port: 0 };
  const page = { dir: handle, cookie: 0, verifier };
  return {
    SETATTR: { file: handle, set, guard: { seconds: 1, nanoseconds: 2 } },
    LOOKUP: where,
    ACCESS: { file: handle, access: 63 },
    READ: { file: handle, offset: 1, count: 4096 },
    WRITE: { file: handle, offset: 3, stable: 2, data: Buffer.from('some data') },
    CREATE: { ...where, how: 'guarded', set, verifier: '' },
    MKDIR: { ...where, set },
    SYMLINK: { ...where, set, target: 'elsewhere' },
    MKNOD: { ...where, kind: 'block', set, device: { major: 1, minor: 2 } },
    REMOVE: where,
    RMDIR: where,
    RENAME: { from: where, to: { dir: handle, name: 'other' } },
    LINK: { file: handle, link: where },
    READDIR: { ...page, count: 4096 },
    READDIRPLUS: { ...page, dircount: 4096, maxcount: 4096 },
    COMMIT: { file: handle, offset: 0, count: 0 },
    MNT: { path: '/files' },
    UMNT: { path: '/files' },
    GETPORT: mapping,
    GETADDR: binding,
    GETVERSADDR: binding,
  };
}

export function samples(handle: Buffer): readonly Sample[] {
  const known = argumentsOf(handle);
  return [nfsProgram, mountProgram, portmapProgram].flatMap((program) =>
    program.versions.flatMap(({ version, procedures }) =>
      procedures.flatMap((procedure) => {
        if (procedure === undefined) return [];
        const to = new Writer(4096);
        const { name } = procedure;
        const binding = version > 2 ? known['GETADDR'] : known['GETPORT'];
        const isSet = name === 'SET' || name === 'UNSET';
        const args = isSet ? binding : (known[name] ?? { file: handle });
        procedure.encodeArgs(to, args);
        return [{ program: program.number, version, procedure, args: Buffer.from(to.finish()) }];
      }),
    ),
  );
}
