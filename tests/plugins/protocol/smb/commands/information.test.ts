import * as assert from 'uvu/assert';
import { DecodeError } from '#core/wire/reader.ts';
import { changeNotify } from '#plugins/protocol/smb/commands/change-notify.ts';
import { ioctl } from '#plugins/protocol/smb/commands/ioctl.ts';
import { queryDirectory } from '#plugins/protocol/smb/commands/query-directory.ts';
import { queryInfo } from '#plugins/protocol/smb/commands/query-info.ts';
import { setInfo } from '#plugins/protocol/smb/commands/set-info.ts';
import { SmbReader } from '#plugins/protocol/smb/wire/reader.ts';
import { SmbWriter } from '#plugins/protocol/smb/wire/writer.ts';
import { suite } from '../../../../support/suite.ts';
import { garbled } from '../garbled.ts';

const test = suite('plugins/protocol/smb/commands/information');

const HEADER_SIZE = 64;
const ID = { persistent: 0x0102_0304_0506_0708n, volatile: 0x11n };
const FILE_ID = '08070605040302011100000000000000';

interface Codec<Value> {
  write(to: SmbWriter): void;
  read(from: SmbReader): Value;
}

/** Written and read behind a header of zeros, as offsets count from there. */
function bytesOf(write: (to: SmbWriter) => void): Buffer {
  const to = new SmbWriter(65_536);
  to.zeros(HEADER_SIZE);
  write(to);
  return Buffer.from(to.finish());
}

function check<Value>(packet: string, value: Value, codec: Codec<Value>): void {
  const bytes = bytesOf((to) => codec.write(to));
  assert.is(bytes.toString('hex', HEADER_SIZE), packet.replaceAll(' ', ''));
  assert.equal(codec.read(new SmbReader(bytes, 0, HEADER_SIZE)), value);
  for (const damaged of garbled(bytes.subarray(HEADER_SIZE))) {
    try {
      codec.read(
        new SmbReader(Buffer.concat([Buffer.alloc(HEADER_SIZE), damaged]), 0, HEADER_SIZE),
      );
    } catch (error) {
      assert.instance(error, DecodeError);
    }
  }
}

test('QUERY_INFO as in packets', () => {
  const request = {
    type: 3,
    class: 0,
    outputSizeMax: 4096,
    input: Buffer.alloc(0),
    additional: 7,
    flags: 0,
    id: ID,
  };
  check(`2900 03 00 00100000 0000 0000 00000000 07000000 00000000 ${FILE_ID} 00`, request, {
    write: (to) => queryInfo.encodeRequest(to, request),
    read: (from) => queryInfo.decode(from),
  });
  const response = { data: Buffer.from('abcd', 'hex') };
  check('0900 4800 02000000 abcd', response, {
    write: (to) => queryInfo.encode(to, response),
    read: (from) => queryInfo.decodeResponse(from),
  });
});

test('SET_INFO as in packets', () => {
  const request = { type: 1, class: 20, data: Buffer.alloc(8, 1), additional: 0, id: ID };
  check(`2100 01 14 08000000 6000 0000 00000000 ${FILE_ID} 0101010101010101`, request, {
    write: (to) => setInfo.encodeRequest(to, request),
    read: (from) => setInfo.decode(from),
  });
  check('0200', null, {
    write: (to) => setInfo.encode(to, null),
    read: (from) => setInfo.decodeResponse(from),
  });
});

test('QUERY_DIRECTORY as in packets', () => {
  const request = { class: 37, flags: 1, index: 0, id: ID, pattern: '*', outputSizeMax: 65_536 };
  check(`2100 25 01 00000000 ${FILE_ID} 6000 0200 00000100 2a00`, request, {
    write: (to) => queryDirectory.encodeRequest(to, request),
    read: (from) => queryDirectory.decode(from),
  });
});

test('CHANGE_NOTIFY as in packets', () => {
  const request = { flags: 1, outputSizeMax: 2048, id: ID, filter: 3 };
  check(`2000 0100 00080000 ${FILE_ID} 03000000 00000000`, request, {
    write: (to) => changeNotify.encodeRequest(to, request),
    read: (from) => changeNotify.decode(from),
  });
  const response = {
    notifications: [
      { action: 4, path: 'ab' },
      { action: 5, path: 'c' },
    ],
  };
  const entries = '10000000 04000000 04000000 61006200 00000000 05000000 02000000 6300';
  check(`0900 4800 1e000000 ${entries}`, response, {
    write: (to) => changeNotify.encode(to, response),
    read: (from) => changeNotify.decodeResponse(from),
  });
});

test('IOCTL as in packets', () => {
  const request = {
    code: 0x0011_c017,
    id: ID,
    input: Buffer.from('0102', 'hex'),
    inputSizeMax: 0,
    outputSizeMax: 1024,
    flags: 1,
  };
  check(
    `3900 0000 17c01100 ${FILE_ID} 78000000 02000000 00000000 78000000 00000000 00040000 01000000 00000000 0102`,
    request,
    {
      write: (to) => ioctl.encodeRequest(to, request),
      read: (from) => ioctl.decode(from),
    },
  );
  const response = { code: request.code, id: ID, output: Buffer.from('ff', 'hex') };
  check(
    `3100 0000 17c01100 ${FILE_ID} 70000000 00000000 70000000 01000000 00000000 00000000 ff`,
    response,
    {
      write: (to) => ioctl.encode(to, response),
      read: (from) => ioctl.decodeResponse(from),
    },
  );
});
