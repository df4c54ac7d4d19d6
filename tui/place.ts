/** Which box a command speaks to: options that most commands share. */
import { join, resolve } from 'node:path';
import type { Shell } from './shell.ts';

const DIRECTORY = '/var/lib/understudy';

export const dirOption = {
  type: 'string',
  describe: `State directory of the box; default $UNDERSTUDY_DIR or ${DIRECTORY}`,
  requiresArg: true,
} as const;

export const placeOptions = {
  control: {
    type: 'string',
    describe: 'Control socket of the box; default $UNDERSTUDY_CONTROL or DIR/control.sock',
    requiresArg: true,
  },
  dir: dirOption,
} as const;

export const jsonOption = {
  json: { type: 'boolean', default: false, describe: 'Print JSON, for programs' },
} as const;

export interface Place {
  readonly control?: string | undefined;
  readonly dir?: string | undefined;
}

export function directoryOf(shell: Shell, { dir }: Place): string {
  return resolve(dir ?? shell.environment['UNDERSTUDY_DIR'] ?? DIRECTORY);
}

/** `--dir` is nearer than the environment: who names a folder means the box in it. */
export function controlOf(shell: Shell, place: Place): string {
  if (place.control !== undefined) return resolve(place.control);
  const given = shell.environment['UNDERSTUDY_CONTROL'];
  if (place.dir === undefined && given !== undefined) return resolve(given);
  return join(directoryOf(shell, place), 'control.sock');
}
