/**
 * A guest: a plugin of a third party. It keeps a file that says whether this box serves, for whatever watches the machine.
 *
 *     # box.toml
 *     guests = ["/etc/understudy/beacon.mjs"]
 *
 *     [plugin."guest/beacon"]
 *     path = "/run/beacon"
 *
 * It imports nothing of Understudy: what it needs, it is handed.
 */
import { rmSync, writeFileSync } from 'node:fs';

/** The version of the plugin API that this was written for: PLUGIN_API in core/plugin.ts. */
export const api = 1;

export function create({ service, v }) {
  const GROUP = service('cluster/replication');
  return {
    id: 'guest/beacon',
    kind: 'control',
    needs: [GROUP],
    offers: [],
    options: {
      path: { schema: v.pipe(v.string(), v.nonEmpty()), help: 'File that is kept up to date.' },
    },
    start({ options, log, get }) {
      const group = get(GROUP);
      let stopped = false;
      group.onServing((serving) => {
        // What stops last still tells what it does; by then this is nobody's word any more.
        if (stopped) return;
        writeFileSync(options.path, `${JSON.stringify({ serving, view: group.view })}\n`);
        log.info('beacon written', { serving });
      });
      return {
        stop() {
          stopped = true;
          rmSync(options.path, { force: true });
        },
      };
    },
  };
}
