/** rpcbind, versions 3 and 4 (RFC 1833 §2). TCP only; nobody may register. */

import type { Call } from '../call.ts';
import { LIST_SIZE_MAX } from '../mount/types.ts';
import type { AnyProcedure, Procedure } from '../rpc/procedure.ts';
import { netidOf, universalAddress } from './universal-address.ts';

/** Bytes of a netid, an address or an owner; longer ones are nobody's. */
const TEXT_SIZE_MAX = 255;
/** Who registered what stands in the table. */
const OWNER = 'understudy';

/** rpcb. */
export interface Binding {
  readonly program: number;
  readonly version: number;
  readonly netid: string;
  readonly address: string;
  readonly owner: string;
}

type BindingArgs = Pick<Procedure<Binding, unknown, unknown>, 'decode' | 'encodeArgs'>;

const bindingArgs: BindingArgs = {
  decode: (from) => ({
    program: from.u32(),
    version: from.u32(),
    netid: from.byteString(TEXT_SIZE_MAX, 'netid'),
    address: from.byteString(TEXT_SIZE_MAX, 'address'),
    owner: from.byteString(TEXT_SIZE_MAX, 'owner'),
  }),
  encodeArgs(to, { program, version, netid, address, owner }) {
    to.u32(program);
    to.u32(version);
    to.byteString(netid);
    to.byteString(address);
    to.byteString(owner);
  },
};

function refusedRegistration(name: string, number: number): Procedure<Binding, boolean, boolean> {
  return {
    name,
    number,
    changes: false,
    ...bindingArgs,
    handle: () => false,
    encode: (to, res) => to.bool(res),
    decodeRes: (from) => from.bool(),
  };
}

/** Empty for what is not here. `exact`: of this very version (GETVERSADDR). */
function addressOf(
  name: string,
  number: number,
  exact: boolean,
): Procedure<Binding, string, string> {
  return {
    name,
    number,
    changes: false,
    ...bindingArgs,
    handle(call, { program, version }) {
      const row = call.scene.ports.find(program, version);
      if (row === undefined || (exact && row.version !== version)) return '';
      return universalAddress(call.peer.localAddress, row.port);
    },
    encode: (to, res) => to.byteString(res),
    decodeRes: (from) => from.byteString(TEXT_SIZE_MAX, 'address'),
  };
}

function bindings(call: Call): readonly Binding[] {
  const netid = netidOf(call.peer.localAddress);
  return call.scene.ports.rows().map(({ program, version, port }) => {
    const address = universalAddress(call.peer.localAddress, port);
    return { program, version, netid, address, owner: OWNER };
  });
}

export const dump: Procedure<undefined, readonly Binding[], readonly Binding[]> = {
  name: 'DUMP',
  number: 4,
  changes: false,
  resultsSizeMax: () => LIST_SIZE_MAX,
  decode: () => undefined,
  handle: bindings,
  encode(to, rows) {
    for (const row of rows) {
      to.u32(1);
      bindingArgs.encodeArgs(to, row);
    }
    to.u32(0);
  },
  encodeArgs: () => {},
  decodeRes(from) {
    const rows: Binding[] = [];
    while (from.bool()) rows.push(bindingArgs.decode(from));
    return rows;
  },
};

/** The server's clock, seconds since 1970. */
const gettime: Procedure<undefined, number, number> = {
  name: 'GETTIME',
  number: 6,
  changes: false,
  decode: () => undefined,
  handle: (call) => call.scene.clock.wall().seconds >>> 0,
  encode: (to, res) => to.u32(res),
  encodeArgs: () => {},
  decodeRes: (from) => from.u32(),
};

export const getaddr = addressOf('GETADDR', 3, false);

export const rpcbindV3: readonly AnyProcedure[] = [
  refusedRegistration('SET', 1),
  refusedRegistration('UNSET', 2),
  getaddr,
  dump,
  gettime,
];

export const rpcbindV4: readonly AnyProcedure[] = [...rpcbindV3, addressOf('GETVERSADDR', 9, true)];
