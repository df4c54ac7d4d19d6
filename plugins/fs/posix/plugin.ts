/** fs/posix: volumes that are plain readable trees in a folder of this box. */
import * as v from 'valibot';
import { plugin } from '#core/plugin.ts';
import { CLOCK, RANDOM, SCRATCH, SYSCALLS } from '#core/ports/services.ts';
import { BACKENDS } from '#core/volume/backends.ts';
import { posixFactory } from './factory.ts';

export const posix = plugin({
  id: 'fs/posix',
  kind: 'fs',
  needs: [BACKENDS, CLOCK, RANDOM, SCRATCH, SYSCALLS],
  offers: [],
  options: {
    descriptors: {
      schema: v.optional(v.pipe(v.number(), v.integer(), v.minValue(8), v.maxValue(100_000)), 512),
      help: 'Files that each volume keeps open, the last ones used',
      unit: 'files',
    },
  },
  start(context) {
    const { options, log } = context;
    const isRoot = process.geteuid?.() === 0;
    const factory = posixFactory(
      { descriptors: options.descriptors, isRoot },
      {
        clock: context.get(CLOCK),
        random: context.get(RANDOM),
        scratch: context.get(SCRATCH),
        syscalls: context.get(SYSCALLS),
        log,
      },
    );
    context.get(BACKENDS).add(factory);
    return { stop() {} };
  },
});
