/** Metrics over HTTP in Prometheus text format: those of the process, and every statistic that plugins registered. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Running } from '#core/plugin.ts';
import type { StatRow, Stats } from '#core/stats.ts';

/** Scrapers at one time: one or two watch a box. */
const CONNECTIONS_MAX = 16;
/** Milliseconds for a request to arrive: scrapers send one line. */
const REQUEST_MS_MAX = 5_000;

const PREFIX = 'understudy_';

/** Port 0 starts nothing. Rejects with a sentence when the address cannot be used. */
export async function startMetrics(address: string, port: number, stats: Stats): Promise<Running> {
  if (port === 0) return { stop() {} };
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('see /metrics\n');
      return;
    }
    page(registry, stats, response).catch((cause: unknown) => {
      response.writeHead(500).end(`${cause instanceof Error ? cause.message : String(cause)}\n`);
    });
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.headersTimeout = REQUEST_MS_MAX;
  server.requestTimeout = REQUEST_MS_MAX;
  await listen(server, address, port);
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function page(registry: Registry, stats: Stats, response: ServerResponse): Promise<void> {
  show(registry, stats.rows());
  const text = await registry.metrics();
  response.writeHead(200, { 'content-type': registry.contentType }).end(text);
}

/** Brings the registry to the values of now; series that came since the last look are added. */
function show(registry: Registry, rows: readonly StatRow[]): void {
  for (const row of rows) registry.removeSingleMetric(PREFIX + row.name);
  for (const { name, help, kind, labels, value } of rows) {
    const settings = {
      name: PREFIX + name,
      help,
      labelNames: Object.keys(labels),
      registers: [registry],
    };
    const known = registry.getSingleMetric(settings.name);
    if (kind === 'counter') {
      const counter = known instanceof Counter ? known : new Counter(settings);
      counter.inc({ ...labels }, value);
    } else {
      const gauge = known instanceof Gauge ? known : new Gauge(settings);
      gauge.set({ ...labels }, value);
    }
  }
}

function listen(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const advice = 'choose another metricsPort or metricsAddress';
      reject(
        new Error(
          `metrics: cannot listen at ${address} port ${port}: ${cause.message}; ${advice}`,
          { cause },
        ),
      );
    });
    server.listen(port, address, () => resolve());
  });
}
