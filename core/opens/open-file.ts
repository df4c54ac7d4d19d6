/** All that is known of one file which somebody has open: its opens, locks, waits and whether it is to go. */

import type { Timer } from '../ports/clock.ts';
import type { CacheGrant } from './cache-grant.ts';
import { RangeLocks } from './ranges.ts';
import type { FileRef, HeldOpen, Holder, OpenRequest, RangeRequest } from './types.ts';

/** A `HeldOpen` as the manager writes it. */
export interface OpenRecord extends HeldOpen {
  holder: Holder;
  clientGuid: string;
  grant: CacheGrant;
  isDisconnected: boolean;
  /** Runs while it is disconnected. */
  timer: Timer | undefined;
  readonly inFile: OpenFile;
}

export interface LockWait {
  readonly open: OpenRecord;
  readonly range: RangeRequest;
  readonly run: (outcome: 'granted' | 'closed') => void;
  state: 'waiting' | 'granted' | 'over';
}

export class OpenFile {
  readonly ref: FileRef;
  readonly opens: OpenRecord[] = [];
  readonly locks = new RangeLocks();
  /** First come, first served. */
  lockWaits: LockWait[] = [];
  /** Calls that wait for a break. */
  breakWaits = new Set<{ readonly run: () => void }>();
  isDeletePending = false;

  constructor(ref: FileRef) {
    this.ref = { volume: ref.volume, file: ref.file };
  }

  /** Each grant once, oldest open first. */
  grants(): Set<CacheGrant> {
    return new Set(this.opens.map((open) => open.grant));
  }

  remove(open: OpenRecord): void {
    this.opens.splice(this.opens.indexOf(open), 1);
  }
}

export function recordOf(
  number: number,
  request: OpenRequest,
  grant: CacheGrant,
  inFile: OpenFile,
): OpenRecord {
  return {
    number,
    volume: request.volume,
    file: request.file,
    holder: request.holder,
    clientGuid: request.clientGuid,
    access: request.access,
    share: request.share,
    isDirectory: request.isDirectory,
    deleteOnClose: request.deleteOnClose,
    grant,
    isDisconnected: false,
    timer: undefined,
    inFile,
  };
}
