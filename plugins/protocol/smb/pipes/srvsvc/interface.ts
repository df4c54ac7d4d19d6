/** The Server Service, version 3.0 ([MS-SRVS]): what lets clients list shares. */
import type { RpcInterface } from '../rpc-pipe.ts';
import { netrRemoteTod } from './netr-remote-tod.ts';
import { netrServerGetInfo } from './netr-server-get-info.ts';
import { netrShareEnum, netrShareEnumSticky } from './netr-share-enum.ts';
import { netrShareGetInfo } from './netr-share-get-info.ts';

const PROCEDURES = [
  netrShareEnum,
  netrShareGetInfo,
  netrServerGetInfo,
  netrRemoteTod,
  netrShareEnumSticky,
];

/** 4b324fc8-1670-01d3-1278-5a47bf6ee188. */
export const SRVSVC: RpcInterface = {
  name: 'srvsvc',
  syntax: { uuid: 'c84f324b7016d30112785a47bf6ee188', version: 3 },
  procedures: new Map(PROCEDURES.map((procedure) => [procedure.opnum, procedure])),
};
