/**
 * The state machine of the simulation: keys, each with the list of operations that were executed on it, a block of content
 * that writes fill, and the replies that retransmissions get. Small enough that a checker can know all of it.
 */
import type { Entry, Position, View } from '#core/group/entry.ts';
import type { Extent, LoggedEntries, StateMachine } from '#core/group/state-machine.ts';

export interface Command {
  /** Names one operation of one client for ever: `c1-17`. */
  readonly id: string;
  readonly key: number;
  /** The content of the key becomes this; empty for none. */
  readonly content: string;
}

interface Applied {
  readonly position: Position;
  readonly view: View;
  readonly command: Command;
}

/** What a box keeps when its process ends: the folded entries and the content. */
export class Store {
  applied: Applied[] = [];
  readonly content = new Map<number, string>();
  /** As of the last checkpoint. */
  #flushed = 0;
  #flushedContent = new Map<number, string>();

  /** What is there now; the function returned makes it durable. */
  snapshot(): () => void {
    const count = this.applied.length;
    const content = new Map(this.content);
    return () => {
      this.#flushed = count;
      this.#flushedContent = content;
    };
  }

  powerCut(): void {
    this.applied.length = Math.min(this.applied.length, this.#flushed);
    this.content.clear();
    for (const [key, content] of this.#flushedContent) this.content.set(key, content);
  }

  wipe(): void {
    this.applied = [];
    this.content.clear();
    this.#flushed = 0;
    this.#flushedContent.clear();
  }
}

export interface RegisterOptions {
  readonly store: Store;
  /** Content outlives the process. */
  readonly persistent: boolean;
  readonly rebooted: boolean;
  readonly syncLog: () => Promise<void>;
}

export class RegisterState implements StateMachine {
  readonly #store: Store;
  readonly #persistent: boolean;
  readonly #syncLog: () => Promise<void>;
  #rebooted: boolean;
  #restagingTo = 0;
  readonly #followed: Position;
  #stagedEntries: Applied[] = [];
  /** Per key the ids of its operations in order, staged ones included. */
  readonly lists = new Map<number, string[]>();
  /** Reply of each operation: the length of the key's list after it. */
  readonly replies = new Map<string, { readonly position: Position; readonly reply: number }>();

  constructor({ store, persistent, rebooted, syncLog }: RegisterOptions) {
    this.#syncLog = syncLog;
    this.#store = store;
    this.#persistent = persistent;
    this.#rebooted = rebooted;
    if (!persistent) store.wipe();
    this.#followed = (store.applied.at(-1)?.position ?? 0) as Position;
    for (const applied of store.applied) this.#execute(applied);
  }

  get applied(): Position {
    return (this.#store.applied.at(-1)?.position ?? 0) as Position;
  }

  get secured(): Position {
    return this.applied;
  }

  get followed(): Position | undefined {
    return this.#persistent ? this.#followed : undefined;
  }

  get unlogged(): readonly Extent[] {
    return [];
  }

  logged(): void {}

  get spare(): Position {
    return this.#persistent ? this.applied : (0 as Position);
  }

  get appliedView(): View {
    return (this.#store.applied.at(-1)?.view ?? 0) as View;
  }

  get staged(): Position {
    return this.#stagedEntries.at(-1)?.position ?? this.applied;
  }

  list(key: number): readonly string[] {
    return this.lists.get(key) ?? [];
  }

  get contents(): ReadonlyMap<number, string> {
    return this.#store.content;
  }

  stage(entry: Entry): void {
    const { position, view } = entry;
    if (position !== this.staged + 1) throw new Error(`staged ${position} after ${this.staged}`);
    const command = JSON.parse(entry.body.toString()) as Command;
    const kept = this.#persistent && !this.#rebooted && position <= this.#restagingTo;
    if (entry.dataSize > 0 && !kept) {
      if (entry.data !== undefined) this.#store.content.set(command.key, entry.data.toString());
      else if (!this.#rebooted) throw new Error(`no data for ${position}`);
    }
    this.#take({ position, view, command });
  }

  /** On the primary: the content is written as it is staged, before the entry is logged. */
  execute(command: Command, position: Position, view: View): number {
    if (command.content !== '') this.#store.content.set(command.key, command.content);
    this.#take({ position, view, command });
    return this.list(command.key).length;
  }

  commit(position: Position): void {
    while ((this.#stagedEntries[0]?.position ?? Infinity) <= position) {
      this.#store.applied.push(this.#stagedEntries.shift() as Applied);
    }
    if (this.applied < position) throw new Error(`commit ${position}, staged ${this.applied}`);
  }

  discard(): void {
    this.#restagingTo = 0;
    this.#rebooted = false;
    this.#stagedEntries = [];
    this.lists.clear();
    this.replies.clear();
    for (const applied of this.#store.applied) this.#execute(applied);
  }

  restage(log: LoggedEntries): void {
    this.#restagingTo = log.last;
    log.each((this.applied + 1) as Position, log.last, (entry) => {
      this.stage(entry);
      if (entry.position <= log.commit) this.commit(entry.position);
    });
  }

  caughtUp(): void {}

  /** What is there when it begins; a store ahead of its log would have to begin the log anew. */
  async checkpoint(): Promise<void> {
    const secure = this.#store.snapshot();
    await this.#syncLog();
    secure();
  }

  logsData(entry: Entry): boolean {
    return entry.stable || !this.#persistent;
  }

  /** As long as the entry says: a block is always written whole. */
  content(entry: Entry): Buffer {
    const { key } = JSON.parse(entry.body.toString()) as Command;
    return Buffer.from(this.#store.content.get(key) ?? '').subarray(0, entry.dataSize);
  }

  extents(entry: Entry): readonly Extent[] {
    if (entry.dataSize === 0) return [];
    const { key } = JSON.parse(entry.body.toString()) as Command;
    return [{ volume: 1, file: key, offset: 0, size: entry.dataSize }];
  }

  contentOf(extent: Extent): Buffer {
    return Buffer.from(this.#store.content.get(extent.file) ?? '');
  }

  putContent(extent: Extent, data: Buffer): void {
    if (data.length === 0) this.#store.content.delete(extent.file);
    else this.#store.content.set(extent.file, data.toString());
  }

  #take(applied: Applied): void {
    this.#stagedEntries.push(applied);
    this.#execute(applied);
  }

  #execute({ command, position }: Applied): void {
    const list = this.lists.get(command.key) ?? [];
    list.push(command.id);
    this.lists.set(command.key, list);
    this.replies.set(command.id, { position, reply: list.length });
  }
}
