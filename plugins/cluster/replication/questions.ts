/** What boxes ask one another beside the log (core/group/requests.ts), as it is checked where it arrives. */
import * as v from 'valibot';
import type { FileId } from '#core/vfs/inode.ts';

/** Bytes of a path: PATH_MAX of Linux. */
const PATH_SIZE_MAX = 4096;
const NAME_SIZE_MAX = 64;

const VolumeId = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const Bound = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** Sync one file's content. */
export const SyncQuestion = v.strictObject({
  volume: VolumeId,
  file: v.pipe(
    v.number(),
    v.safeInteger(),
    v.minValue(1),
    v.transform((file) => file as FileId),
  ),
});

/** Say whether a volume could stand at this place. */
export const PrepareQuestion = v.strictObject({
  backend: v.pipe(v.string(), v.maxLength(NAME_SIZE_MAX)),
  path: v.pipe(v.string(), v.maxLength(PATH_SIZE_MAX)),
  volume: VolumeId,
  name: v.pipe(v.string(), v.maxLength(NAME_SIZE_MAX)),
});

/** A sentence that says why not, or the limits of the medium there. */
export const PrepareAnswer = v.union([
  v.string(),
  v.strictObject({
    nameSizeMax: Bound,
    fileSizeMax: Bound,
    symlinkSizeMax: Bound,
    linksMax: Bound,
  }),
]);

/** Say why this box could not serve at an address; the answer is a sentence, or null. */
export const AddressQuestion = v.strictObject({
  address: v.pipe(v.string(), v.maxLength(NAME_SIZE_MAX)),
  interface: v.pipe(v.string(), v.maxLength(NAME_SIZE_MAX)),
});
export const AddressAnswer = v.nullable(v.string());

/** Carry an owner's command out; its own parameters are the command's to check. */
export const ControlQuestion = v.strictObject({
  method: v.string(),
  params: v.optional(v.unknown()),
});
