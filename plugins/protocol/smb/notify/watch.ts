/** One folder that a client watches: what happened since it asked last, and the request that waits for it ([MS-FSA] §2.1.1.11). */
import type { FileId } from '#core/vfs/inode.ts';
import { STATUS_NOTIFY_ENUM_DIR, STATUS_SUCCESS } from '../status.ts';

/** FILE_NOTIFY_INFORMATION ([MS-FSCC] §2.7.1). */
export interface Notification {
  readonly action: number;
  /** From the watched folder on, with backslashes. */
  readonly path: string;
}

/** Bytes before a notification's name. */
const NOTIFICATION_SIZE_MIN = 12;

export interface WatchAnswer {
  readonly status: number;
  readonly notifications: readonly Notification[];
}

/** What waits; called once. `position` is that of the newest change told: the answer waits for its commit. */
export type Waiter = (answer: WatchAnswer, position: number) => void;

export interface WatchOptions {
  readonly volume: number;
  readonly directory: FileId;
  /** FILE_NOTIFY_CHANGE_*; of the first request, like all here. */
  readonly filter: number;
  readonly isTree: boolean;
  /** Bytes of all that is kept for the client. */
  readonly sizeMax: number;
}

export class Watch {
  readonly options: WatchOptions;
  readonly #waiters: { readonly sizeMax: number; readonly run: Waiter }[] = [];
  #kept: Notification[] = [];
  #size = 0;
  #position = 0;
  /** More happened than is kept: the client has to look for itself. */
  #overflowed = false;

  constructor(options: WatchOptions) {
    this.options = options;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /** Takes one in; whoever waits is not told before `deliver`. */
  add(notification: Notification, position: number): void {
    this.#position = position;
    if (this.#overflowed) return;
    const last = this.#kept[this.#kept.length - 1];
    // Ten writes are one modification.
    if (last?.action === notification.action && last.path === notification.path) return;
    this.#size += sizeOf(notification);
    this.#kept.push(notification);
    if (this.#size <= this.options.sizeMax) return;
    this.#overflowed = true;
    this.#kept = [];
  }

  /** Answers the request that has waited longest, if there is anything to tell. */
  deliver(): void {
    if (this.#kept.length === 0 && !this.#overflowed) return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) waiter.run(this.#take(waiter.sizeMax), this.#position);
  }

  /** Returns what takes it out again. @param sizeMax Bytes that the request has room for. */
  wait(sizeMax: number, run: Waiter): () => void {
    const waiter = { sizeMax, run };
    this.#waiters.push(waiter);
    this.deliver();
    return () => {
      const index = this.#waiters.indexOf(waiter);
      if (index >= 0) this.#waiters.splice(index, 1);
    };
  }

  /** Answers all that wait: the watch is over. */
  end(status: number): void {
    for (const waiter of this.#waiters.splice(0)) {
      waiter.run({ status, notifications: [] }, this.#position);
    }
  }

  #take(sizeMax: number): WatchAnswer {
    const isTold = !this.#overflowed && this.#size <= sizeMax;
    const notifications = isTold ? this.#kept : [];
    const status = isTold ? STATUS_SUCCESS : STATUS_NOTIFY_ENUM_DIR;
    this.#kept = [];
    this.#size = 0;
    this.#overflowed = false;
    return { status, notifications };
  }
}

/** Bytes on the wire, the room before the next one included. */
function sizeOf({ path }: Notification): number {
  return Math.ceil((NOTIFICATION_SIZE_MIN + 2 * path.length) / 4) * 4;
}
