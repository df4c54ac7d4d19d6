/** fs/memory: volumes whose content lives in RAM on this box. */
import * as v from 'valibot';
import { plugin } from '#core/plugin.ts';
import { RANDOM } from '#core/ports/services.ts';
import { BACKENDS } from '#core/volume/backends.ts';
import { memoryFactory } from './factory.ts';

const MEBIBYTE = 1024 * 1024;

export const memory = plugin({
  id: 'fs/memory',
  kind: 'fs',
  needs: [BACKENDS, RANDOM],
  offers: [],
  options: {
    sizeMax: {
      schema: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 512),
      help: 'RAM that the content of all memory volumes of this box may take together',
      unit: 'MiB',
    },
  },
  start(context) {
    const options = { sizeMax: context.options.sizeMax * MEBIBYTE };
    context.get(BACKENDS).add(memoryFactory(options, context.get(RANDOM)));
    return { stop() {} };
  },
});
