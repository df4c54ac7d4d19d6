/** The named pipes of IPC$, and what they tell of this server. */
import type { Time } from '#core/ports/clock.ts';
import type { Pipe } from '../open.ts';
import type { Sid } from '../security/sid.ts';
import type { Session } from '../session.ts';
import { LSARPC } from './lsarpc/interface.ts';
import { type RpcInterface, RpcPipe } from './rpc-pipe.ts';
import { SRVSVC } from './srvsvc/interface.ts';
import { WKSSVC } from './wkssvc/interface.ts';

export interface ListedShare {
  readonly name: string;
  readonly comment: string;
  readonly isPipe: boolean;
}

/** What the interfaces answer from. */
export interface PipeFacts {
  /** NetBIOS form: at most 15 letters, upper case. */
  readonly serverName: string;
  readonly workgroup: string;
  /** See `Scene.domain`. */
  readonly domain: Sid;
  /** Those that the session may see, IPC$ among them, by name. */
  shares(session: Session): readonly ListedShare[];
  /** The name of a user of ours; `undefined` for nobody's id. */
  userName(uid: number): string | undefined;
  uidOf(name: string): number | undefined;
  now(): Time;
}

/** By the name that CREATE says, in lower case. */
const PIPES: ReadonlyMap<string, RpcInterface> = new Map([
  ['srvsvc', SRVSVC],
  ['wkssvc', WKSSVC],
  ['lsarpc', LSARPC],
]);

export class PipeServer {
  readonly #facts: PipeFacts;

  constructor(facts: PipeFacts) {
    this.#facts = facts;
  }

  has(name: string): boolean {
    return pipeNamed(name) !== undefined;
  }

  /** `undefined`: STATUS_OBJECT_NAME_NOT_FOUND. */
  open(name: string, session: Session): Pipe | undefined {
    const known = pipeNamed(name);
    if (known === undefined) return undefined;
    return new RpcPipe(known, { facts: this.#facts, session });
  }
}

function pipeNamed(name: string): RpcInterface | undefined {
  return PIPES.get(name.replace(/^\\?(?:pipe\\)?/i, '').toLowerCase());
}
