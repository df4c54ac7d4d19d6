import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { InstantMs } from '#core/ports/clock.ts';
import { AddressMachine } from '#plugins/cluster/arp/machine.ts';
import { atTakeover, Probe } from '#plugins/cluster/arp/probe.ts';
import type { Sign } from '#plugins/cluster/arp/signs.ts';
import { type Command, runGolden } from '../../../support/datadriven.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('arp/machine');
const ADDRESS = '10.0.0.50';

function signOf(args: Command['args']): Sign {
  const view = args.get('view');
  return {
    address: ADDRESS,
    kind: args.get('kind') === 'claim' ? 'claim' : 'question',
    mac: args.get('mac') ?? '',
    asker: args.get('asker') ?? ADDRESS,
    ...(view !== undefined && { stamp: { view: Number(view), rank: Number(args.get('rank')) } }),
  };
}

test('an address is taken, announced, defended and given up', () => {
  const machine = new AddressMachine();
  runGolden(join(import.meta.dirname, '../../../golden/arp/machine.txt'), ({ name, args }) => {
    const now = Number(args.get('at')) as InstantMs;
    const isSure = args.get('sure') !== 'no';
    if (name === 'hold') {
      machine.hold(now, { view: Number(args.get('view')), rank: Number(args.get('rank')) });
    } else if (name === 'release') machine.release();
    else if (name === 'again') machine.again(now);
    else if (name === 'heard') machine.heard(now, signOf(args));
    else machine.tick(now, isSure);
    const lines = machine.ready().map((effect) => {
      if (effect.kind === 'answer') return `answer ${effect.sign.mac}`;
      return effect.kind === 'conflict'
        ? `conflict with ${effect.mac}: ${effect.outcome}`
        : effect.kind;
    });
    return [...lines, machine.state].join('\n');
  });
});

const PLAN = atTakeover(120);
const at = (ms: number) => ms as InstantMs;

test('a probe asks three times and takes silence for freedom', () => {
  const probe = new Probe(at(0), PLAN);
  const sent = Array.from({ length: 13 }, (_, index) => index * 10).filter((ms) =>
    probe.tick(at(ms)),
  );
  assert.equal(sent, [0, 40, 80]);
  assert.equal(probe.outcome, { kind: 'free' });
});

test('a probe names who has the address, or wants it as well', () => {
  const claim: Sign = { address: ADDRESS, kind: 'claim', mac: 'm', asker: ADDRESS };
  const taken = new Probe(at(0), PLAN);
  taken.heard({ ...claim, kind: 'question', asker: '10.0.0.9' });
  assert.is(taken.outcome, undefined);
  taken.heard(claim);
  assert.equal(taken.outcome, { kind: 'taken', mac: 'm' });
  assert.not(taken.tick(at(0)));
  const wanted = new Probe(at(0), PLAN);
  wanted.heard({ ...claim, kind: 'question', asker: '0.0.0.0' });
  assert.equal(wanted.outcome, { kind: 'taken', mac: 'm' });
  const ofOurs = new Probe(at(0), PLAN, ({ stamp }) => stamp !== undefined);
  ofOurs.heard(claim);
  assert.is(ofOurs.outcome, undefined);
});
