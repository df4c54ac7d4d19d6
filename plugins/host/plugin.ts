/** The machine that this box runs on, offered as the ports of core. */
import { resolve } from 'node:path';
import * as v from 'valibot';
import { plugin } from '#core/plugin.ts';
import { CLOCK, DISK, LAN, NET, RANDOM, SCRATCH, STORE, SYSCALLS } from '#core/ports/services.ts';
import { boot } from './boot.ts';
import { createClock } from './clock.ts';
import { below, createDisk, makeFolder } from './disk.ts';
import { createLan } from './lan.ts';
import { lockFolder } from './lock.ts';
import { createNet } from './net.ts';
import { createRandom } from './random.ts';
import { createScratch } from './scratch.ts';
import { openStore } from './store.ts';
import { createSyscalls } from './syscalls.ts';

export const host = plugin({
  id: 'host',
  kind: 'host',
  needs: [],
  offers: [CLOCK, RANDOM, NET, LAN, DISK, SCRATCH, STORE, SYSCALLS],
  options: {
    stateDirectory: {
      schema: v.pipe(v.string(), v.nonEmpty()),
      help: 'Folder that holds what this box must not forget: catalog, log, key. One running box each.',
    },
    /** Read by whoever makes the log with `createLog`, which is before any plugin starts, and again on SIGHUP. */
    logLevel: {
      schema: v.optional(v.picklist(['debug', 'info', 'warn', 'error']), 'info'),
      help: 'Least level of the lines written to standard error; `--log-level` goes before it.',
    },
  },
  async start(context) {
    const folder = resolve(context.options.stateDirectory);
    makeFolder(folder);
    const lock = lockFolder(folder);
    try {
      const path = resolve(folder, 'catalog');
      const store = await openStore({ path, log: context.log, boot: boot() });
      context.offer(CLOCK, createClock());
      context.offer(RANDOM, createRandom());
      context.offer(NET, createNet(context.log));
      const lan = createLan();
      context.offer(LAN, lan);
      context.offer(DISK, createDisk(folder));
      context.offer(
        SCRATCH,
        createScratch((file) => below(folder, file), boot()),
      );
      context.offer(STORE, store);
      context.offer(SYSCALLS, createSyscalls());
      return {
        async stop() {
          await store.close();
          lan.close();
          lock.release();
        },
      };
    } catch (error) {
      lock.release();
      throw error;
    }
  },
});
