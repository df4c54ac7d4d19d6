/** A session of the test client, and its trees. */
import { logoff } from '../commands/logoff.ts';
import { type TreeConnectResponse, treeConnect } from '../commands/tree-connect.ts';
import { treeDisconnect } from '../commands/tree-disconnect.ts';
import { type Asked, type Reply, type Request, request, type Ticket } from './reply.ts';
import type { SmbClient } from './smb-client.ts';

const ENCRYPT_DATA = 0x8000;

export class ClientSession {
  readonly client: SmbClient;
  readonly id: bigint;
  /** Everything is sealed. */
  seals: boolean;

  constructor(client: SmbClient, id: bigint, seals: boolean) {
    this.client = client;
    this.id = id;
    this.seals = seals;
  }

  ask<Args, Answer>(command: Asked<Args, Answer>, args: Args): Promise<Reply<Answer>> {
    const one = request(command, args, { sessionId: this.id });
    return (this.client.compound([one], this.seals)[0] as Ticket<Answer>).reply;
  }

  /** A status where the server refuses. */
  async connect(share: string): Promise<ClientTree | number> {
    const reply = await this.ask(treeConnect, { flags: 0, path: `\\\\server\\${share}` });
    if (reply.answer === undefined) return reply.status;
    return new ClientTree(this, reply.header.treeId, reply.answer);
  }

  async logoff(): Promise<number> {
    const { status } = await this.ask(logoff, null);
    return status;
  }
}

export class ClientTree {
  readonly session: ClientSession;
  readonly id: number;
  readonly facts: TreeConnectResponse;

  constructor(session: ClientSession, id: number, facts: TreeConnectResponse) {
    this.session = session;
    this.id = id;
    this.facts = facts;
  }

  get seals(): boolean {
    return this.session.seals || (this.facts.shareFlags & ENCRYPT_DATA) !== 0;
  }

  /** A request of this tree, for `compound`. */
  request<Args, Answer>(
    command: Asked<Args, Answer>,
    args: Args,
    more: Omit<Request, 'command' | 'args'> = {},
  ): Request {
    return request(command, args, { sessionId: this.session.id, treeId: this.id, ...more });
  }

  begin<Args, Answer>(
    command: Asked<Args, Answer>,
    args: Args,
    more: Omit<Request, 'command' | 'args'> = {},
  ): Ticket<Answer> {
    return this.compound([this.request(command, args, more)])[0] as Ticket<Answer>;
  }

  ask<Args, Answer>(
    command: Asked<Args, Answer>,
    args: Args,
    more: Omit<Request, 'command' | 'args'> = {},
  ): Promise<Reply<Answer>> {
    return this.begin(command, args, more).reply;
  }

  compound(requests: readonly Request[]): readonly Ticket<unknown>[] {
    return this.session.client.compound(requests, this.seals);
  }

  async disconnect(): Promise<number> {
    const { status } = await this.ask(treeDisconnect, null);
    return status;
  }
}
