/** The port mapper, version 2 (RFC 1833 §3). TCP only; nobody may register. */

import { LIST_SIZE_MAX } from '../mount/types.ts';
import type { Procedure } from '../rpc/procedure.ts';

export const IPPROTO_TCP = 6;

export interface Mapping {
  readonly program: number;
  readonly version: number;
  readonly protocol: number;
  readonly port: number;
}

type MappingArgs = Pick<Procedure<Mapping, unknown, unknown>, 'decode' | 'encodeArgs'>;

const mappingArgs: MappingArgs = {
  decode: (from) => ({
    program: from.u32(),
    version: from.u32(),
    protocol: from.u32(),
    port: from.u32(),
  }),
  encodeArgs(to, { program, version, protocol, port }) {
    to.u32(program);
    to.u32(version);
    to.u32(protocol);
    to.u32(port);
  },
};

/** Answers FALSE: this table is its server's own. */
function refusedRegistration(name: string, number: number): Procedure<Mapping, boolean, boolean> {
  return {
    name,
    number,
    changes: false,
    ...mappingArgs,
    handle: () => false,
    encode: (to, res) => to.bool(res),
    decodeRes: (from) => from.bool(),
  };
}

export const set = refusedRegistration('SET', 1);
export const unset = refusedRegistration('UNSET', 2);

/** 0 for what is not here. */
export const getport: Procedure<Mapping, number, number> = {
  name: 'GETPORT',
  number: 3,
  changes: false,
  ...mappingArgs,
  handle(call, { program, version, protocol }) {
    if (protocol !== IPPROTO_TCP) return 0;
    return call.scene.ports.find(program, version)?.port ?? 0;
  },
  encode: (to, res) => to.u32(res),
  decodeRes: (from) => from.u32(),
};

export const dump: Procedure<undefined, readonly Mapping[], readonly Mapping[]> = {
  name: 'DUMP',
  number: 4,
  changes: false,
  resultsSizeMax: () => LIST_SIZE_MAX,
  decode: () => undefined,
  handle: (call) => call.scene.ports.rows().map((row) => ({ ...row, protocol: IPPROTO_TCP })),
  encode(to, rows) {
    for (const row of rows) {
      to.u32(1);
      mappingArgs.encodeArgs(to, row);
    }
    to.u32(0);
  },
  encodeArgs: () => {},
  decodeRes(from) {
    const rows: Mapping[] = [];
    while (from.bool()) rows.push(mappingArgs.decode(from));
    return rows;
  },
};
