/** The Local Security Authority, version 0.0 ([MS-LSAT], [MS-LSAD]), as far as names of our own users need it. */
import type { RpcInterface } from '../rpc-pipe.ts';
import { lsarClose } from './lsar-close.ts';
import { lsarLookupNames } from './lsar-lookup-names.ts';
import { lsarLookupSids, lsarLookupSids2 } from './lsar-lookup-sids.ts';
import { lsarOpenPolicy, lsarOpenPolicy2 } from './lsar-open-policy.ts';

const PROCEDURES = [
  lsarClose,
  lsarOpenPolicy,
  lsarLookupNames,
  lsarLookupSids,
  lsarOpenPolicy2,
  lsarLookupSids2,
];

/** 12345778-1234-abcd-ef00-0123456789ab. */
export const LSARPC: RpcInterface = {
  name: 'lsarpc',
  syntax: { uuid: '785734123412cdabef000123456789ab', version: 0 },
  procedures: new Map(PROCEDURES.map((procedure) => [procedure.opnum, procedure])),
};
