/** Program 100000: the port mapper and its successor rpcbind (RFC 1833). */
import { nullProcedure, type Program, programVersion } from '../rpc/procedure.ts';
import { dump, getport, set, unset } from './portmap-v2.ts';
import { rpcbindV3, rpcbindV4 } from './rpcbind.ts';

export const PORTMAP_PROGRAM = 100_000;
export const PORTMAP_VERSION = 2;

export const portmapProgram: Program = {
  name: 'portmap',
  number: PORTMAP_PROGRAM,
  versions: [
    programVersion(PORTMAP_VERSION, [nullProcedure, set, unset, getport, dump]),
    programVersion(3, [nullProcedure, ...rpcbindV3]),
    programVersion(4, [nullProcedure, ...rpcbindV4]),
  ],
};
