/** All controls by their code. */
import { getCompression, setCompression } from './compression.ts';
import { srvCopyChunk, srvCopyChunkWrite } from './copy-chunk.ts';
import { enumerateSnapshots } from './enumerate-snapshots.ts';
import type { Fsctl } from './fsctl.ts';
import { queryNetworkInterfaces } from './network-interfaces.ts';
import { createOrGetObjectId, getObjectId } from './object-id.ts';
import { pipePeek } from './pipe-peek.ts';
import { pipeTransceive } from './pipe-transceive.ts';
import { pipeWait } from './pipe-wait.ts';
import { queryAllocatedRanges } from './query-allocated-ranges.ts';
import { REFUSED } from './refused.ts';
import { requestResumeKey } from './resume-key.ts';
import { setSparse } from './set-sparse.ts';
import { setZeroData } from './set-zero-data.ts';
import { validateNegotiateInfo } from './validate-negotiate-info.ts';

export const FSCTLS: ReadonlyMap<number, Fsctl> = new Map(
  [
    pipePeek,
    pipeTransceive,
    pipeWait,
    requestResumeKey,
    srvCopyChunk,
    srvCopyChunkWrite,
    enumerateSnapshots,
    queryNetworkInterfaces,
    setSparse,
    setZeroData,
    queryAllocatedRanges,
    getCompression,
    setCompression,
    createOrGetObjectId,
    getObjectId,
    validateNegotiateInfo,
    ...REFUSED,
  ].map((fsctl) => [fsctl.code, fsctl]),
);
