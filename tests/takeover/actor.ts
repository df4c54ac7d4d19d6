/** One worker's hands: its client, its dice, its model, and the checks that every act ends with. */
import type { Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import type { WccData } from '#plugins/protocol/nfs/v3/attributes.ts';
import type { MadeAnswer } from '#plugins/protocol/nfs/v3/made.ts';
import { NFS3_OK } from '#plugins/protocol/nfs/v3/status.ts';
import type { Seeded } from '../support/seeded.ts';
import { type FileNode, type Folder, filesOf, foldersOf, type Node, setName } from './model.ts';

/** Acts that a failure report shows. */
const HISTORY_MAX = 12;
/** Handles of removed files that are still tried. */
const GONE_MAX = 16;
/** Names in a folder: few, so that what was removed soon comes again under its old name. */
const NAMES = Array.from({ length: 10 }, (_, index) => `n${index}`);

export interface Spot {
  readonly folder: Folder;
  readonly name: string;
  readonly node: Node | undefined;
}

export class Actor {
  readonly title: string;
  readonly nfs: Nfs3Client;
  readonly dice: Seeded;
  readonly top: Folder;
  /** Files from the beginning, never removed: their handles are held all the time. */
  readonly veterans: FileNode[] = [];
  /** Handles that must be stale. */
  readonly gone: Buffer[] = [];
  readonly history: string[] = [];
  /** The one write verifier: it may change only where a write was lost. */
  #verifier = '';
  #stamp = 0;

  constructor(title: string, nfs: Nfs3Client, dice: Seeded, top: Folder) {
    this.title = title;
    this.nfs = nfs;
    this.dice = dice;
    this.top = top;
  }

  note(text: string): void {
    this.history.push(text);
    if (this.history.length > HISTORY_MAX) this.history.shift();
  }

  fail(sentence: string): never {
    throw new Error(`${this.title}: ${sentence}`);
  }

  expect(what: string, status: number, wanted: number): void {
    if (status !== wanted) this.fail(`${what}: nfsstat3 ${status}, wanted ${wanted}`);
  }

  /** A name in one of the folders, taken or not. */
  spot(): Spot {
    const folder = this.dice.pick(foldersOf(this.top));
    const name = this.dice.pick(NAMES);
    return { folder, name, node: folder.names.get(name) };
  }

  file(): FileNode {
    return this.dice.chance(4) ? this.dice.pick(this.veterans) : this.dice.pick(filesOf(this.top));
  }

  /** Text that says who wrote it and when, over and over: a byte that is not it shows where it came from. */
  stamp(size: number): Buffer {
    this.#stamp += 1;
    return Buffer.alloc(size, `${this.title}#${this.#stamp}|`);
  }

  checkVerifier(what: string, verifier: Buffer): void {
    const hex = verifier.toString('hex');
    if (this.#verifier === '') this.#verifier = hex;
    if (hex === this.#verifier) return;
    this.fail(`${what}: write verifier was ${this.#verifier}, is ${hex}: writes were lost`);
  }

  /** Only this worker changes its files: what was before a change is what its own last change left. */
  wcc(what: string, node: Folder | FileNode, { before, after }: WccData): void {
    const known = node.ctime;
    if (known !== undefined && before !== undefined) {
      const { seconds, nanoseconds } = before.ctime;
      if (seconds !== known.seconds || nanoseconds !== known.nanoseconds) {
        this.fail(
          `${what}: ctime before was ${seconds}.${nanoseconds}, left at ${known.seconds}.${known.nanoseconds}: executed twice, or lost`,
        );
      }
    }
    node.ctime = after?.ctime;
  }

  /** Takes up what was made. */
  made(what: string, { folder, name }: Spot, answer: MadeAnswer, form: (node: Made) => Node): Node {
    this.expect(what, answer.status, NFS3_OK);
    const { object, attributes } = answer;
    if (object === undefined || attributes === undefined) this.fail(`${what}: no handle`);
    const node = form({ handle: Buffer.from(object), fileid: attributes.fileid });
    setName(folder, name, node);
    this.wcc(what, folder, answer.dir);
    return node;
  }

  /** A name of it is gone; its handle is stale when it was the last. */
  lostName(node: Node): void {
    if (node.kind !== 'directory') {
      node.links -= 1;
      if (node.kind === 'file') node.ctime = undefined;
      if (node.links > 0) return;
    }
    this.gone.push(node.handle);
    if (this.gone.length > GONE_MAX) this.gone.shift();
  }
}

export interface Made {
  readonly handle: Buffer;
  readonly fileid: number;
}

export function newFile({ handle, fileid }: Made, mode: number): FileNode {
  return {
    kind: 'file',
    handle,
    fileid,
    content: Buffer.alloc(0),
    links: 1,
    mode,
    ctime: undefined,
  };
}
