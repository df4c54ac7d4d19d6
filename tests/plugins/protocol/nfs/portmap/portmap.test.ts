import * as assert from 'uvu/assert';
import { dump, getport, set } from '#plugins/protocol/nfs/portmap/portmap-v2.ts';
import { getaddr, dump as rpcbindDump, rpcbindV4 } from '#plugins/protocol/nfs/portmap/rpcbind.ts';
import {
  parseUniversalAddress,
  universalAddress,
} from '#plugins/protocol/nfs/portmap/universal-address.ts';
import { suite } from '../../../../support/suite.ts';
import { onStage } from '../stage.ts';

const test = suite('nfs/portmap');

const TCP = 6;
const UDP = 17;

test('GETPORT finds TCP ports and nothing else; SET is refused (RFC 1833 §3)', () =>
  onStage(async (stage) => {
    const rpc = stage.rpc(stage.ports.portmap);
    const portmap = { number: 100_000, version: 2 };
    const ask = (program: number, version: number, protocol: number) =>
      rpc.call(portmap, getport, { program, version, protocol, port: 0 });
    assert.is(await ask(100_003, 3, TCP), stage.ports.nfs);
    assert.is(await ask(100_003, 4, TCP), stage.ports.nfs);
    assert.is(await ask(100_005, 3, TCP), stage.ports.mount);
    assert.is(await ask(100_003, 3, UDP), 0);
    assert.is(await ask(100_021, 4, TCP), 0);
    const mine = { program: 100_021, version: 4, protocol: TCP, port: 1 };
    assert.is(await rpc.call(portmap, set, mine), false);
    assert.is((await rpc.call(portmap, dump, undefined)).length, 6);
  }));

test('GETADDR gives universal addresses of the address that was asked (RFC 1833 §2)', () =>
  onStage(async (stage) => {
    const rpc = stage.rpc(stage.ports.portmap);
    const rpcbind = { number: 100_000, version: 4 };
    const empty = { netid: 'tcp', address: '', owner: '' };
    const nfs = await rpc.call(rpcbind, getaddr, { program: 100_003, version: 3, ...empty });
    assert.is(nfs, universalAddress('127.0.0.1', stage.ports.nfs));
    const none = await rpc.call(rpcbind, getaddr, { program: 7, version: 3, ...empty });
    assert.is(none, '');
    const versaddr = rpcbindV4.find(({ name }) => name === 'GETVERSADDR');
    assert.ok(versaddr);
    const other = await rpc.call(rpcbind, versaddr, { program: 100_003, version: 4, ...empty });
    assert.is(other, '');
    const rows = await rpc.call(rpcbind, rpcbindDump, undefined);
    assert.equal([...new Set(rows.map(({ netid }) => netid))], ['tcp']);
  }));

test('universal addresses (RFC 5665 §5.2.3)', () => {
  assert.is(universalAddress('10.0.0.1', 2049), '10.0.0.1.8.1');
  assert.equal(parseUniversalAddress('10.0.0.1.8.1'), { address: '10.0.0.1', port: 2049 });
  assert.equal(parseUniversalAddress('fe80::1.0.111'), { address: 'fe80::1', port: 111 });
  assert.is(parseUniversalAddress('10.0.0.1.256.1'), undefined);
  assert.is(parseUniversalAddress('nothing'), undefined);
});
