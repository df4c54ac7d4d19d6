/** A whole box of two with its replication, over memory; its peer is the test. */
import type { Control, ControlHandler } from '#core/control.ts';
import type { Arbiter, ArbiterAnswer } from '#core/group/arbiter.ts';
import type { BoxId, View } from '#core/group/entry.ts';
import { CHANNEL } from '#core/group/link.ts';
import { decodeMessage, type Message } from '#core/group/messages.ts';
import type { Configuration } from '#core/group/view.ts';
import { SILENT } from '#core/log-line.ts';

import { Stats } from '#core/stats.ts';
import { Backends } from '#core/volume/backends.ts';
import { MemoryStore } from '#core/volume/memory-store.ts';
import { Replication } from '#plugins/cluster/replication/replication.ts';
import { FakeBackend, LIMITS } from '../../../core/volume/fake-backend.ts';
import { SimDisk } from '../../../sim/disk.ts';
import { NO_ADDRESSES } from '../../../support/no-addresses.ts';
import { FakeClock } from './fake-clock.ts';
import { LoneLink } from './lone-link.ts';

export const PEER = 'a' as BoxId;
export const SELF = 'b' as BoxId;

export class FuzzedBox {
  readonly link = new LoneLink(SELF, [PEER]);
  readonly clock = new FakeClock();
  readonly disk = new SimDisk((done) => setImmediate(done));
  readonly control = new Map<string, ControlHandler>();
  readonly #replication: Replication;
  #held: Configuration;

  private constructor(held: Configuration) {
    this.#held = held;
    const backends = new Backends();
    const open = () => new FakeBackend();
    backends.add({ name: 'fake', check: () => undefined, limits: () => LIMITS, open });
    const control: Control = { method: (name, run) => this.control.set(name, run) };
    let nonce = 0;
    this.#replication = new Replication(
      {
        self: SELF,
        cluster: 'home',
        address: '',
        members: [PEER, SELF],
        peers: {},
        rebooted: false,
      },
      {
        addresses: NO_ADDRESSES,
        arbiter: this.#arbiter(),
        backends,
        clock: this.clock,
        control,
        disk: this.disk,
        link: this.link,
        log: SILENT,
        random: { bytes: (size) => Buffer.alloc(size), u32: () => (nonce += 1) },
        scratch: { open: (_, size) => Buffer.alloc(size) },
        stats: new Stats(),
        store: new MemoryStore(),
      },
    );
  }

  /** Ready to play this part. */
  static async start(role: 'backup' | 'primary'): Promise<FuzzedBox> {
    const primary = role === 'primary' ? SELF : PEER;
    const box = new FuzzedBox({ view: 1 as View, primary, inSync: [primary] });
    await box.#replication.start();
    box.link.up(PEER);
    await box.clock.pass(300);
    return box;
  }

  get serving(): boolean {
    return this.#replication.group.serving;
  }

  /** The last message of this kind that the box sent. */
  lastSent<K extends Message['kind']>(kind: K): Extract<Message, { kind: K }> | undefined {
    for (const { channel, frame } of this.link.sent.toReversed()) {
      if (channel !== CHANNEL.group) continue;
      const message = decodeMessage(frame, this.disk);
      if (message.kind === kind) return message as Extract<Message, { kind: K }>;
    }
    return undefined;
  }

  stop(): Promise<void> {
    return this.#replication.stop();
  }

  #arbiter(): Arbiter {
    const accepted = (): ArbiterAnswer => ({ kind: 'accepted', configuration: this.#held });
    return {
      mode: 'witness',
      condition: '',
      read: async () => accepted(),
      propose: async (next) => {
        if (next.view !== this.#held.view + 1) {
          return { kind: 'refused', configuration: this.#held };
        }
        this.#held = next;
        return accepted();
      },
    };
  }
}
