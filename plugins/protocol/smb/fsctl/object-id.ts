/** FSCTL_CREATE_OR_GET_OBJECT_ID: the file's own number in another form ([MS-FSCC] §2.3.1, §2.1.3.1). */
import { volumeSerialOf } from '../info/volume-facts.ts';
import { STATUS_BUFFER_TOO_SMALL, STATUS_SUCCESS } from '../status.ts';
import type { Fsctl } from './fsctl.ts';

const OUTPUT_SIZE = 64;

function objectId(name: string, code: number): Fsctl {
  return {
    name,
    code,
    on: 'file',

    handle(_call, { outputSizeMax }, open) {
      if (outputSizeMax < OUTPUT_SIZE) return { status: STATUS_BUFFER_TOO_SMALL };
      const output = Buffer.alloc(OUTPUT_SIZE);
      const serial = volumeSerialOf(open.volume);
      const id = BigInt(open.file);
      // ObjectId, BirthVolumeId, BirthObjectId.
      output.writeBigUInt64LE(id, 0);
      output.writeBigUInt64LE(serial, 8);
      output.writeBigUInt64LE(serial, 16);
      output.writeBigUInt64LE(id, 32);
      output.writeBigUInt64LE(serial, 40);
      return { status: STATUS_SUCCESS, response: { output } };
    },
  };
}

export const createOrGetObjectId = objectId('FSCTL_CREATE_OR_GET_OBJECT_ID', 0x0009_00c0);
export const getObjectId = objectId('FSCTL_GET_OBJECT_ID', 0x0009_009c);
