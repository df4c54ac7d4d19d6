/** Service addresses of the LAN: known, watched, taken, announced, defended and given up. */
import type { Claim, ServiceAddress } from '#core/addresses.ts';
import type { Log } from '#core/log-line.ts';
import type { Clock } from '#core/ports/clock.ts';
import type { Lan, LanInterface } from '#core/ports/lan.ts';
import { interfaceFor, lanRefusal, ownRefusal, takenRefusal } from './lan-refusals.ts';
import type { Outlook } from './outlook.ts';
import { AT_CONFIGURATION, atTakeover, type Outcome, Probe, type ProbePlan } from './probe.ts';
import { ANY_V4, ANY_V6, probe as probeFrame, type Sign } from './signs.ts';
import { Site } from './site.ts';
import { Taps } from './taps.ts';

/** Milliseconds between looks at an address that this box cannot watch: an interface may come up late. */
const LOOK_MS = 1_000;
/**
 * Milliseconds for which a box asks that served until its lease lapsed: a box that has just taken over is busy. Of two boxes that lost
 * sight of one another it is the first then, and is heard by the other, which asks for longer.
 */
const SERVED_MS = 150;

export interface LanDependencies {
  readonly lan: Lan;
  readonly clock: Clock;
  readonly log: Log;
  /** The address has just come to this box. */
  arrived(address: string): void;
  isOpen(address: string): boolean;
  readonly outlook: Outlook;
}

interface Asking {
  readonly probe: Probe;
  readonly site: Site;
  done(outcome: Outcome): void;
}

export class LanAddresses {
  readonly #deps: LanDependencies;
  readonly #taps: Taps;
  readonly #sites = new Map<string, Site>();
  /** Known, and not watched for want of an interface or a right. */
  readonly #lacking = new Map<string, { readonly place: ServiceAddress; refusal: string }>();
  readonly #probes = new Set<Asking>();
  /** Of boxes of this group: their kernels answer for an address also when they themselves are frozen. */
  readonly #boxMacs = new Set<string>();
  #claim: Claim | undefined;
  #lookAt = Number.NEGATIVE_INFINITY;

  constructor(deps: LanDependencies) {
    this.#deps = deps;
    this.#taps = new Taps(deps.lan, (sign, index) => this.#heard(sign, index));
  }

  get held(): readonly string[] {
    return [...this.#sites.values()].filter(({ held }) => held).map(({ place }) => place.address);
  }

  condition(address: string): string {
    const site = this.#sites.get(address);
    if (site === undefined) return this.#lacking.get(address)?.refusal ?? '';
    return site.condition || this.#deps.outlook.condition(site.index);
  }

  async check(place: ServiceAddress): Promise<string | undefined> {
    const { address } = place;
    if (this.#sites.has(address)) return undefined;
    const { lan } = this.#deps;
    const interfaces = lan.interfaces();
    const found = interfaceFor(place, interfaces);
    if (!found.ok) return found.error;
    const own = ownRefusal(address, interfaces);
    if (own !== undefined) return own;
    try {
      lan.prepare();
      const site = this.#makeSite(place, found.value);
      const outcome = await this.#ask(site, AT_CONFIGURATION, () => true);
      this.#keepTaps();
      return outcome.kind === 'taken' ? takenRefusal(address, outcome.mac) : undefined;
    } catch (error) {
      return lanRefusal(error);
    }
  }

  know(places: readonly ServiceAddress[]): void {
    const wanted = new Map(places.map((place) => [place.address, place]));
    for (const [address, site] of this.#sites) {
      if (wanted.get(address)?.interface === site.place.interface) continue;
      site.end(this.#deps.clock.now());
      this.#sites.delete(address);
    }
    this.#lacking.clear();
    for (const place of places) {
      if (!this.#sites.has(place.address)) this.#lacking.set(place.address, { place, refusal: '' });
    }
    this.#look();
    this.tick();
  }

  hold(claim: Claim | undefined): void {
    this.#claim = claim;
    if (claim !== undefined) {
      this.tick();
      return;
    }
    const now = this.#deps.clock.now();
    for (const site of this.#sites.values()) {
      site.machine.release();
      site.perform(now);
    }
  }

  /** A part of the network may have come back. */
  again(): void {
    const now = this.#deps.clock.now();
    for (const site of this.#sites.values()) {
      site.machine.again(now);
      site.perform(now);
    }
  }

  /** True when a machine that lives answers for one of them. The kernel of a box of ours is no sign of life. */
  async isDefended(waitMs: number): Promise<boolean> {
    const sites = [...this.#sites.values()];
    const served = this.#claim !== undefined;
    if (served && sites.every(({ held }) => held)) return false;
    if (sites.some(({ machine }) => machine.state === 'yielded')) return true;
    const plan = atTakeover(served ? Math.min(waitMs, SERVED_MS) : waitMs);
    const counts = ({ kind, stamp, mac }: Sign) =>
      kind === 'claim' && (stamp !== undefined || !this.#boxMacs.has(mac));
    const outcomes = await Promise.all(sites.map((site) => this.#ask(site, plan, counts)));
    return outcomes.some(({ kind }) => kind === 'taken');
  }

  tick(): void {
    const now = this.#deps.clock.now();
    const claim = this.#claim;
    if (now >= this.#lookAt) this.#look();
    this.#deps.outlook.tick();
    for (const site of this.#sites.values()) {
      const { machine, place } = site;
      if (claim !== undefined) {
        const isSure = claim.isSure();
        const isReady = machine.state !== 'away' || this.#deps.isOpen(place.address);
        if (isSure && isReady && site.mayTry(now)) {
          machine.hold(now, { view: claim.view, rank: claim.rank });
        }
        machine.tick(now, isSure);
      }
      if (site.perform(now)) this.#deps.arrived(place.address);
    }
    for (const asking of this.#probes) {
      const { probe, site } = asking;
      if (probe.tick(now)) site.send(probeFrame(site.place.address, site.mac));
      if (probe.outcome === undefined) continue;
      this.#probes.delete(asking);
      asking.done(probe.outcome);
    }
  }

  /** Whether somebody is there: whoever has the address says so. */
  askFor(index: number, address: string): void {
    const site = [...this.#sites.values()].find((candidate) => candidate.index === index);
    site?.send(probeFrame(address, site.mac));
  }

  close(): void {
    this.#taps.keep(new Set());
  }

  #heard(sign: Sign, index: number): void {
    if (sign.stamp !== undefined) this.#boxMacs.add(sign.mac);
    this.#deps.outlook.heard(index, this.#neighbourIn(sign));
    for (const { probe, site } of this.#probes) {
      if (site.place.address === sign.address) probe.heard(sign);
    }
    const site = this.#sites.get(sign.address);
    if (site === undefined) return;
    // A box that stood still finds out first that it did.
    this.tick();
    const now = this.#deps.clock.now();
    site.machine.heard(now, sign);
    site.perform(now);
  }

  /** The machine behind a frame, where it is no box and says its own address. */
  #neighbourIn({ mac, asker }: Sign): string | undefined {
    const isNone = asker === ANY_V4 || asker === ANY_V6;
    return isNone || this.#boxMacs.has(mac) || this.#sites.has(asker) ? undefined : asker;
  }

  /** Tries to watch what is not watched yet. */
  #look(): void {
    this.#lookAt = this.#deps.clock.now() + LOOK_MS;
    if (this.#lacking.size === 0) {
      this.#keepTaps();
      return;
    }
    const interfaces = this.#deps.lan.interfaces();
    for (const [address, lacking] of this.#lacking) {
      const found = interfaceFor(lacking.place, interfaces);
      const refusal = found.ok ? this.#watch(lacking.place, found.value) : found.error;
      if (refusal === undefined) this.#lacking.delete(address);
      else if (refusal !== lacking.refusal) {
        lacking.refusal = refusal;
        this.#deps.log.error(`${address} cannot be served here: ${refusal}`);
      }
    }
    this.#keepTaps();
  }

  #watch(place: ServiceAddress, networkInterface: LanInterface): string | undefined {
    try {
      // Now, so that a takeover has one thing less to do.
      this.#deps.lan.prepare();
      const site = this.#makeSite(place, networkInterface);
      site.begin();
      this.#sites.set(place.address, site);
      return undefined;
    } catch (error) {
      return lanRefusal(error);
    }
  }

  #makeSite(place: ServiceAddress, networkInterface: LanInterface): Site {
    return new Site(place, networkInterface, this.#taps.on(networkInterface), this.#deps);
  }

  #keepTaps(): void {
    const sites = [...this.#sites.values()];
    this.#deps.outlook.watch(
      sites.map((site) => site.interface),
      this.#lacking.size > 0,
    );
    if (this.#probes.size === 0) this.#taps.keep(new Set(sites.map(({ index }) => index)));
  }

  #ask(site: Site, plan: ProbePlan, counts: (sign: Sign) => boolean): Promise<Outcome> {
    return new Promise((done) => {
      this.#probes.add({ probe: new Probe(this.#deps.clock.now(), plan, counts), site, done });
      this.tick();
    });
  }
}
