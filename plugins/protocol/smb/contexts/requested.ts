/** What the contexts of one CREATE ask for; those that this server does not know are passed over ([MS-SMB2] §3.3.5.9). */

import type { FileHandle } from '../open.ts';
import { ALSI, decodeAlSi, encodeAlSi } from './alsi.ts';
import type { RawContext } from './context.ts';
import { DH2C, type DurableReconnectV2, decodeDH2C, encodeDH2C } from './dh2c.ts';
import { DH2Q, type DurableRequestV2, decodeDH2QRequest, encodeDH2QRequest } from './dh2q.ts';
import { DHNC, decodeDHnC, encodeDHnC } from './dhnc.ts';
import { checkDHnQ, DHNQ, encodeDHnQRequest } from './dhnq.ts';
import { EXTA } from './exta.ts';
import { decodeMxAcRequest, encodeMxAcRequest, MXAC, type QueryMaximalAccess } from './mxac.ts';
import { QFID } from './qfid.ts';
import { decodeRqLs, encodeRqLs, type LeaseContext, RQLS } from './rqls.ts';
import { SECD } from './secd.ts';
import { decodeTWrp, encodeTWrp, TWRP } from './twrp.ts';

export interface RequestedContexts {
  readonly maximalAccess?: QueryMaximalAccess;
  readonly diskId?: true;
  /** Bytes. */
  readonly allocationSize?: number;
  readonly durable?: true;
  readonly durableReconnect?: FileHandle;
  readonly durableV2?: DurableRequestV2;
  readonly durableReconnectV2?: DurableReconnectV2;
  readonly lease?: LeaseContext;
  /** Self-relative; a view. */
  readonly securityDescriptor?: Buffer;
  /** A list of FILE_FULL_EA_INFORMATION; a view. */
  readonly extendedAttributes?: Buffer;
  /** FILETIME. */
  readonly snapshot?: bigint;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const DECODERS: Readonly<Record<string, (to: Mutable<RequestedContexts>, data: Buffer) => void>> = {
  [MXAC]: (to, data) => {
    to.maximalAccess = decodeMxAcRequest(data);
  },
  [QFID]: (to) => {
    to.diskId = true;
  },
  [ALSI]: (to, data) => {
    to.allocationSize = decodeAlSi(data);
  },
  [DHNQ]: (to, data) => {
    checkDHnQ(data);
    to.durable = true;
  },
  [DHNC]: (to, data) => {
    to.durableReconnect = decodeDHnC(data);
  },
  [DH2Q]: (to, data) => {
    to.durableV2 = decodeDH2QRequest(data);
  },
  [DH2C]: (to, data) => {
    to.durableReconnectV2 = decodeDH2C(data);
  },
  [RQLS]: (to, data) => {
    to.lease = decodeRqLs(data);
  },
  [SECD]: (to, data) => {
    to.securityDescriptor = data;
  },
  [EXTA]: (to, data) => {
    to.extendedAttributes = data;
  },
  [TWRP]: (to, data) => {
    to.snapshot = decodeTWrp(data);
  },
};

export function decodeRequested(contexts: readonly RawContext[]): RequestedContexts {
  const requested: Mutable<RequestedContexts> = {};
  for (const { name, data } of contexts) {
    if (Object.hasOwn(DECODERS, name)) DECODERS[name]?.(requested, data);
  }
  return requested;
}

/** In the order of the specification. */
export function encodeRequested(requested: RequestedContexts): RawContext[] {
  const contexts: RawContext[] = [];
  const add = (name: string, data: Buffer | undefined): void => {
    if (data !== undefined) contexts.push({ name, data });
  };
  const { maximalAccess, allocationSize, durableReconnect, durableV2, durableReconnectV2, lease } =
    requested;
  add(EXTA, requested.extendedAttributes);
  add(SECD, requested.securityDescriptor);
  add(DHNQ, requested.durable && encodeDHnQRequest());
  add(DHNC, durableReconnect && encodeDHnC(durableReconnect));
  add(MXAC, maximalAccess && encodeMxAcRequest(maximalAccess));
  add(ALSI, allocationSize === undefined ? undefined : encodeAlSi(allocationSize));
  add(TWRP, requested.snapshot === undefined ? undefined : encodeTWrp(requested.snapshot));
  add(QFID, requested.diskId && Buffer.alloc(0));
  add(RQLS, lease && encodeRqLs(lease));
  add(DH2Q, durableV2 && encodeDH2QRequest(durableV2));
  add(DH2C, durableReconnectV2 && encodeDH2C(durableReconnectV2));
  return contexts;
}
