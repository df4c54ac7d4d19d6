/** MOUNT: version 3, and of version 1 what people ask with showmount (RFC 1813 §5, RFC 1094 appendix A). */
import { nullProcedure, type Program, programVersion } from '../rpc/procedure.ts';
import { dump } from './dump.ts';
import { exportList } from './export.ts';
import { mnt } from './mnt.ts';
import { umnt } from './umnt.ts';
import { umntall } from './umntall.ts';

export const MOUNT_PROGRAM = 100_005;
export const MOUNT_VERSION = 3;
/** Version 1's MNT gives handles of NFSv2, which is not served. */
const MOUNT_VERSION_1 = 1;

export const mountProgram: Program = {
  name: 'mount',
  number: MOUNT_PROGRAM,
  versions: [
    programVersion(MOUNT_VERSION_1, [nullProcedure, dump, umnt, umntall, exportList]),
    programVersion(MOUNT_VERSION, [nullProcedure, mnt, dump, umnt, umntall, exportList]),
  ],
};
