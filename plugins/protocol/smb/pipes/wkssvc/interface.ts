/** The Workstation Service, version 1.0 ([MS-WKST]): the server's own name. */
import type { RpcInterface } from '../rpc-pipe.ts';
import { netrWkstaGetInfo } from './netr-wksta-get-info.ts';

/** 6bffd098-a112-3610-9833-46c3f87e345a. */
export const WKSSVC: RpcInterface = {
  name: 'wkssvc',
  syntax: { uuid: '98d0ff6b12a11036983346c3f87e345a', version: 1 },
  procedures: new Map([[netrWkstaGetInfo.opnum, netrWkstaGetInfo]]),
};
