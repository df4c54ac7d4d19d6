/** The socket on which a running box answers CLI and console, and the page on which it tells its numbers. */
import * as v from 'valibot';
import { CONTROL } from '#core/control.ts';
import { plugin } from '#core/plugin.ts';
import { STATS, Stats } from '#core/stats.ts';
import { Methods } from './methods.ts';
import { startMetrics } from './metrics.ts';
import { startSocket } from './socket.ts';

const options = {
  path: {
    schema: v.pipe(v.string(), v.nonEmpty()),
    help: 'Unix socket that CLI and console speak to; made with mode 0600.',
  },
  metricsAddress: {
    schema: v.optional(v.string(), '127.0.0.1'),
    help: 'Address on which metrics are served over HTTP, without any access check.',
  },
  metricsPort: {
    schema: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)), 0),
    help: 'TCP port of the metrics in Prometheus text format; 0 for none.',
  },
} as const;

export const control = plugin({
  id: 'control',
  kind: 'control',
  needs: [],
  offers: [CONTROL, STATS],
  options,
  async start(context) {
    const { path, metricsAddress, metricsPort } = context.options;
    const methods = new Methods(context.log);
    const stats = new Stats();
    const socket = await startSocket(path, methods, context.log);
    try {
      const metrics = await startMetrics(metricsAddress, metricsPort, stats);
      context.offer(CONTROL, methods);
      context.offer(STATS, stats);
      return {
        async stop() {
          await socket.stop();
          await metrics.stop();
        },
      };
    } catch (error) {
      await socket.stop();
      throw error;
    }
  },
});
