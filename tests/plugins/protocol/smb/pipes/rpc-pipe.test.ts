import * as assert from 'uvu/assert';
import { NdrReader } from '#plugins/protocol/smb/pipes/ndr-reader.ts';
import { NdrWriter } from '#plugins/protocol/smb/pipes/ndr-writer.ts';
import {
  encodeBind,
  encodeRequest,
  NDR32,
  PDU_BIND,
  PDU_BIND_ACK,
  PDU_FAULT,
  PDU_REQUEST,
  PDU_RESPONSE,
  type Pdu,
  readPdu,
  readResponse,
  writePdu,
} from '#plugins/protocol/smb/pipes/pdu.ts';
import { PipeServer } from '#plugins/protocol/smb/pipes/pipe-server.ts';
import { SRVSVC } from '#plugins/protocol/smb/pipes/srvsvc/interface.ts';
import type { Session } from '#plugins/protocol/smb/session.ts';
import { STATUS_BUFFER_OVERFLOW, STATUS_INVALID_PARAMETER } from '#plugins/protocol/smb/status.ts';
import { suite } from '../../../../support/suite.ts';
import { garbled } from '../garbled.ts';

const test = suite('plugins/protocol/smb/pipes/rpc-pipe');

const DOMAIN = 'S-1-5-21-1-2-3';
const FIRST_AND_LAST = 3;
const session = { id: 1n } as Session;

function server(names: readonly string[] = ['files']): PipeServer {
  return new PipeServer({
    serverName: 'BOX',
    workgroup: 'WORKGROUP',
    domain: DOMAIN,
    shares: () => [
      ...names.map((name) => ({ name, comment: 'all of it', isPipe: false })),
      { name: 'IPC$', comment: '', isPipe: true },
    ],
    userName: (uid) => (uid === 1000 ? 'ann' : undefined),
    uidOf: (name) => (name === 'ann' ? 1000 : undefined),
    now: () => ({ seconds: 86_399, nanoseconds: 250_000_000 }),
  });
}

function bind(syntax: { uuid: string; version: number }): Buffer {
  const contexts = [{ id: 0, abstract: syntax, transfers: [NDR32] }];
  const body = encodeBind({ fragmentSizeMax: 4280, association: 0, contexts });
  return writePdu({ type: PDU_BIND, flags: FIRST_AND_LAST, callId: 1, body });
}

function request(opnum: number, stub: Buffer, flags = FIRST_AND_LAST): Buffer {
  const body = encodeRequest({ context: 0, opnum, stub });
  return writePdu({ type: PDU_REQUEST, flags, callId: 2, body });
}

function opened(syntax = SRVSVC.syntax, name = 'srvsvc', names?: readonly string[]) {
  const pipe = server(names).open(name, session);
  assert.ok(pipe);
  const say = (message: Buffer): Pdu => {
    assert.is(pipe.write(message), 0);
    return readPdu(take());
  };
  const take = (): Buffer => {
    const target = Buffer.alloc(8192);
    const { status, size } = pipe.read(target);
    assert.is(status, 0);
    return target.subarray(0, size);
  };
  assert.is(say(bind(syntax)).type, PDU_BIND_ACK);
  return { pipe, say, take };
}

/** NetrShareEnum, level 1. */
function shareEnum(): Buffer {
  const to = new NdrWriter();
  to.textPointer('\\\\BOX');
  to.flush();
  to.u32(1);
  to.u32(1);
  to.pointer(() => {
    to.u32(0);
    to.u32(0);
  });
  to.flush();
  to.u32(0xffff_ffff);
  to.pointer(() => to.u32(0));
  return to.finish();
}

test('a bind is acknowledged as in a packet', () => {
  const pipe = server().open('\\PIPE\\srvsvc', session);
  assert.ok(pipe);
  // Put together by hand after [C706] §12.6.4.3.
  const packet =
    '05000b03100000004800000001000000b810b8100000000001000000000001' +
    '00c84f324b7016d30112785a47bf6ee1880300000004' +
    '5d888aeb1cc9119fe808002b10486002000000';
  assert.is(pipe.write(Buffer.from(packet, 'hex')), 0);
  const target = Buffer.alloc(1024);
  const { size } = pipe.read(target);
  assert.is(
    target.toString('hex', 0, size),
    '05000c03100000004400000001000000b810b810f0530000' +
      // Length, secondary address, room up to a multiple of four.
      '0d005c504950455c73727673766300' +
      '00' +
      // One result: acceptance, NDR.
      '01000000000000000' +
      '45d888aeb1cc9119fe808002b10486002000000',
  );
});

test('shares are listed', () => {
  const { say } = opened();
  const answer = say(request(15, shareEnum()));
  assert.is(answer.type, PDU_RESPONSE);
  const from = new NdrReader(readResponse(answer.body).stub);
  assert.equal([from.u32(), from.u32()], [1, 1]);
  assert.ok(from.isPresent());
  assert.is(from.u32(), 2);
  assert.ok(from.isPresent());
  assert.is(from.u32(), 2);
  const types = Array.from({ length: 2 }, () => [from.u32(), from.u32(), from.u32()][1]);
  assert.equal(types, [0, 0x8000_0003]);
  assert.equal(
    Array.from({ length: 4 }, () => {
      from.align(4);
      return from.text();
    }),
    ['files', 'all of it', 'IPC$', ''],
  );
});

test('a long list comes in fragments, and an answer in pieces', () => {
  const names = Array.from({ length: 100 }, (_, i) => `share-${i}-${'x'.repeat(60)}`);
  const { pipe, say, take } = opened(SRVSVC.syntax, 'srvsvc', names);
  const first = say(request(15, shareEnum()));
  assert.is(first.flags, 1);
  let fragments = 1;
  for (let last = first; (last.flags & 2) === 0; fragments++) last = readPdu(take());
  assert.ok(fragments >= 5, `${fragments}`);
  assert.is(pipe.waiting, 0);
  assert.is(pipe.write(request(15, shareEnum())), 0);
  assert.equal(pipe.read(Buffer.alloc(10)), { status: STATUS_BUFFER_OVERFLOW, size: 10 });
});

test('a request may come in fragments, and each of them in pieces', () => {
  const { pipe, say } = opened();
  const stub = shareEnum();
  const parts = Buffer.concat([
    request(15, stub.subarray(0, 16), 1),
    request(15, stub.subarray(16), 2),
  ]);
  for (const byte of parts.subarray(0, -1)) assert.is(pipe.write(Buffer.from([byte])), 0);
  assert.is(say(parts.subarray(-1)).type, PDU_RESPONSE);
});

test('what is not known is a fault, and the pipe goes on', () => {
  const { say } = opened();
  assert.is(say(request(99, Buffer.alloc(0))).type, PDU_FAULT);
  assert.is(say(request(15, Buffer.from([1]))).type, PDU_FAULT);
  assert.is(say(request(15, shareEnum())).type, PDU_RESPONSE);
});

test('there are no other pipes', () => {
  assert.is(server().open('samr', session), undefined);
  assert.is(server().open('constructor', session), undefined);
});

test('damaged bytes break the pipe, and nothing else', () => {
  for (const bytes of garbled(Buffer.concat([bind(SRVSVC.syntax), request(15, shareEnum())]))) {
    const pipe = server().open('srvsvc', session);
    const status = pipe?.write(bytes);
    assert.ok(status === 0 || status === STATUS_INVALID_PARAMETER);
  }
});

test('requests that come faster than their answers are read end the pipe', () => {
  const { pipe } = opened();
  const many = Buffer.concat(Array.from({ length: 1000 }, () => request(99, Buffer.alloc(0))));
  assert.is(pipe.write(many), STATUS_INVALID_PARAMETER);
  assert.ok(pipe.waiting < 64 * 4280, `${pipe.waiting} bytes wait`);
});

test('fragments of nothing do not pile up', () => {
  const { pipe } = opened();
  const first = request(99, Buffer.alloc(0), 1);
  const more = request(99, Buffer.alloc(0), 0);
  const many = Buffer.concat([first, ...Array.from({ length: 1000 }, () => more)]);
  assert.is(pipe.write(many), STATUS_INVALID_PARAMETER);
});
