/** What the contexts of a CREATE response say ([MS-SMB2] §2.2.14.2). */
import type { RawContext } from './context.ts';
import { DH2Q, type DurableResponseV2, decodeDH2QResponse, encodeDH2QResponse } from './dh2q.ts';
import { DHNQ, encodeDHnQResponse } from './dhnq.ts';
import { decodeMxAcResponse, encodeMxAcResponse, type MaximalAccess, MXAC } from './mxac.ts';
import { type DiskId, decodeQFidResponse, encodeQFidResponse, QFID } from './qfid.ts';
import { decodeRqLs, encodeRqLs, type LeaseContext, RQLS } from './rqls.ts';

export interface GrantedContexts {
  readonly maximalAccess?: MaximalAccess;
  readonly diskId?: DiskId;
  readonly durable?: true;
  readonly durableV2?: DurableResponseV2;
  readonly lease?: LeaseContext;
}

export function encodeGranted(granted: GrantedContexts): RawContext[] {
  const contexts: RawContext[] = [];
  const { maximalAccess, diskId, durable, durableV2, lease } = granted;
  if (lease !== undefined) contexts.push({ name: RQLS, data: encodeRqLs(lease) });
  if (durable) contexts.push({ name: DHNQ, data: encodeDHnQResponse() });
  if (durableV2 !== undefined) contexts.push({ name: DH2Q, data: encodeDH2QResponse(durableV2) });
  if (maximalAccess !== undefined) {
    contexts.push({ name: MXAC, data: encodeMxAcResponse(maximalAccess) });
  }
  if (diskId !== undefined) contexts.push({ name: QFID, data: encodeQFidResponse(diskId) });
  return contexts;
}

export function decodeGranted(contexts: readonly RawContext[]): GrantedContexts {
  const data = new Map(contexts.map((context) => [context.name, context.data]));
  const of = <T>(name: string, decode: (data: Buffer) => T): T | undefined => {
    const found = data.get(name);
    return found && decode(found);
  };
  const maximalAccess = of(MXAC, decodeMxAcResponse);
  const diskId = of(QFID, decodeQFidResponse);
  const durableV2 = of(DH2Q, decodeDH2QResponse);
  const lease = of(RQLS, decodeRqLs);
  return {
    ...(maximalAccess && { maximalAccess }),
    ...(diskId && { diskId }),
    ...(data.has(DHNQ) && { durable: true }),
    ...(durableV2 && { durableV2 }),
    ...(lease && { lease }),
  };
}
