/** What a volume tells of itself ([MS-FSCC] §2.5): the same on every box. */
import type { Time } from '#core/ports/clock.ts';
import type { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';
import { ALLOCATION_UNIT } from './attributes.ts';
import { filetimeOf } from './filetime.ts';

export interface VolumeFacts {
  readonly label: string;
  /** 64 bits, the same on every box; the volume's serial number is their lower half. */
  readonly serial: bigint;
  readonly created: Time;
  /** Bytes. */
  readonly total: number;
  readonly free: number;
  readonly available: number;
  readonly readOnly: boolean;
  /** UTF-16 units of a component. */
  readonly nameMax: number;
}

export interface VolumeInfoClass {
  readonly name: string;
  readonly code: number;
  readonly sizeMin: number;
  write(to: SmbWriter, facts: VolumeFacts): void;
}

const FILE_CASE_SENSITIVE_SEARCH = 0x1;
const FILE_CASE_PRESERVED_NAMES = 0x2;
const FILE_UNICODE_ON_DISK = 0x4;
const FILE_PERSISTENT_ACLS = 0x8;
const FILE_SUPPORTS_SPARSE_FILES = 0x40;
const FILE_NAMED_STREAMS = 0x4_0000;
const FILE_READ_ONLY_VOLUME = 0x8_0000;
const FILE_SUPPORTS_HARD_LINKS = 0x40_0000;
const FILE_SUPPORTS_EXTENDED_ATTRIBUTES = 0x80_0000;

const ABILITIES =
  FILE_CASE_SENSITIVE_SEARCH |
  FILE_CASE_PRESERVED_NAMES |
  FILE_UNICODE_ON_DISK |
  FILE_PERSISTENT_ACLS |
  FILE_SUPPORTS_SPARSE_FILES |
  FILE_NAMED_STREAMS |
  FILE_SUPPORTS_HARD_LINKS |
  FILE_SUPPORTS_EXTENDED_ATTRIBUTES;

/** What clients behave towards as they do towards a disk of Windows. */
const FILE_SYSTEM_NAME = 'NTFS';
const SECTOR_SIZE = 512;
const SECTORS_A_UNIT = ALLOCATION_UNIT / SECTOR_SIZE;
const FILE_DEVICE_DISK = 7;
const FILE_DEVICE_IS_MOUNTED = 0x20;

/** §2.5.9. */
const fsVolume: VolumeInfoClass = {
  name: 'FileFsVolumeInformation',
  code: 1,
  sizeMin: 24,
  write(to, facts) {
    to.u64(filetimeOf(facts.created));
    to.u32(Number(facts.serial & 0xffff_ffffn));
    to.u32(facts.label.length * 2);
    to.u8(0);
    to.u8(0);
    to.text(facts.label);
  },
};

/** §2.5.8. */
const fsSize: VolumeInfoClass = {
  name: 'FileFsSizeInformation',
  code: 3,
  sizeMin: 24,
  write(to, facts) {
    to.size(unitsOf(facts.total));
    to.size(unitsOf(facts.available));
    to.u32(SECTORS_A_UNIT);
    to.u32(SECTOR_SIZE);
  },
};

/** §2.5.10. */
const fsDevice: VolumeInfoClass = {
  name: 'FileFsDeviceInformation',
  code: 4,
  sizeMin: 8,
  write(to) {
    to.u32(FILE_DEVICE_DISK);
    to.u32(FILE_DEVICE_IS_MOUNTED);
  },
};

/** §2.5.1. */
const fsAttribute: VolumeInfoClass = {
  name: 'FileFsAttributeInformation',
  code: 5,
  sizeMin: 16,
  write(to, facts) {
    to.u32(ABILITIES | (facts.readOnly ? FILE_READ_ONLY_VOLUME : 0));
    to.u32(facts.nameMax);
    to.u32(FILE_SYSTEM_NAME.length * 2);
    to.text(FILE_SYSTEM_NAME);
  },
};

/** §2.5.2: no quota, no limits. */
const fsControl: VolumeInfoClass = {
  name: 'FileFsControlInformation',
  code: 6,
  sizeMin: 48,
  write(to) {
    to.zeros(24);
    to.u64(0xffff_ffff_ffff_ffffn);
    to.u64(0xffff_ffff_ffff_ffffn);
    to.zeros(8);
  },
};

/** §2.5.4. */
const fsFullSize: VolumeInfoClass = {
  name: 'FileFsFullSizeInformation',
  code: 7,
  sizeMin: 32,
  write(to, facts) {
    to.size(unitsOf(facts.total));
    to.size(unitsOf(facts.available));
    to.size(unitsOf(facts.free));
    to.u32(SECTORS_A_UNIT);
    to.u32(SECTOR_SIZE);
  },
};

/** §2.5.6. */
const fsObjectId: VolumeInfoClass = {
  name: 'FileFsObjectIdInformation',
  code: 8,
  sizeMin: 64,
  write(to, facts) {
    to.u64(facts.serial);
    to.u64(facts.serial);
    to.zeros(48);
  },
};

/** §2.5.7: partitions are aligned, and seeking costs nothing that a client could spare. */
const fsSectorSize: VolumeInfoClass = {
  name: 'FileFsSectorSizeInformation',
  code: 11,
  sizeMin: 28,
  write(to) {
    to.u32(SECTOR_SIZE);
    to.u32(ALLOCATION_UNIT);
    to.u32(ALLOCATION_UNIT);
    to.u32(ALLOCATION_UNIT);
    to.u32(0x3);
    to.u32(0);
    to.u32(0);
  },
};

function unitsOf(bytes: number): number {
  return Math.floor(bytes / ALLOCATION_UNIT);
}

export const VOLUME_INFO_CLASSES: ReadonlyMap<number, VolumeInfoClass> = new Map(
  [fsVolume, fsSize, fsDevice, fsAttribute, fsControl, fsFullSize, fsObjectId, fsSectorSize].map(
    (info) => [info.code, info],
  ),
);

export interface FullSize {
  readonly total: number;
  readonly available: number;
  readonly free: number;
  /** Bytes. */
  readonly unit: number;
}

/** FileFsFullSizeInformation, as a client reads it. */
export function readFullSize(from: SmbReader): FullSize {
  const total = from.u64Clamped();
  const available = from.u64Clamped();
  const free = from.u64Clamped();
  return { total, available, free, unit: from.u32() * from.u32() };
}
