/**
 * The Unix socket: who may open the file (mode 0600) may order everything, and nobody else may connect.
 *
 * One line is one request; every length and count has a bound, and a client that does not read is not read from.
 */
import { chmodSync, existsSync, lstatSync, type Stats, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { decodeRequest, encodeResponse, Lines, REQUEST_SIZE_MAX } from '#core/control.ts';
import type { Log } from '#core/log-line.ts';
import type { Running } from '#core/plugin.ts';
import { DecodeError } from '#core/wire/reader.ts';
import type { Methods } from './methods.ts';

/** Consoles and commands at one time: an owner has a few, a monitoring script one. */
const CONNECTIONS_MAX = 32;
/** Requests of one connection that are not answered yet, beyond which nothing more is read: a console asks for a handful. */
const OUTSTANDING_MAX = 32;
/** Bytes of a socket's path: `sun_path` of Linux without its NUL. */
const PATH_SIZE_MAX = 107;

/** Rejects with a sentence when the path cannot be used; takes away what a dead process left there. */
export async function startSocket(path: string, methods: Methods, log: Log): Promise<Running> {
  const size = Buffer.byteLength(path);
  if (size > PATH_SIZE_MAX) {
    throw new Error(
      `path: ${path} is ${size} bytes long, a socket's at most ${PATH_SIZE_MAX}; choose a shorter folder`,
    );
  }
  if (!existsSync(dirname(path))) {
    throw new Error(`path: folder ${dirname(path)} does not exist; create it first`);
  }
  await clear(path);
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    serve(socket, methods, log);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, path);
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of connections) socket.destroy();
      }),
  };
}

/** Removes the socket of a process that is gone; refuses what is in use or no socket. */
async function clear(path: string): Promise<void> {
  let found: Stats | undefined;
  try {
    found = lstatSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new Error(`path: ${path} cannot be looked at: ${(cause as Error).message}`, { cause });
  }
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new Error(`path: ${path} is there and is no socket; move it away or choose another path`);
  }
  if (await answers(path)) {
    throw new Error(
      `path: a running process answers at ${path}; stop it first or choose another path`,
    );
  }
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createConnection(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (cause: NodeJS.ErrnoException) => {
      // EAGAIN: somebody listens and its queue is full.
      if (cause.code === 'ECONNREFUSED' || cause.code === 'ENOENT') resolve(false);
      else if (cause.code === 'EAGAIN') resolve(true);
      else reject(new Error(`path: ${path} cannot be tried: ${cause.message}`, { cause }));
    });
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new Error(`path: cannot listen at ${path}: ${cause.message}`, { cause }));
    });
    // `listen` binds before it returns, so that the socket is never there with another mode.
    const before = process.umask(0o177);
    try {
      server.listen(path, () => resolve());
    } finally {
      process.umask(before);
    }
  }).then(() => chmodSync(path, 0o600));
}

function serve(socket: Socket, methods: Methods, log: Log): void {
  const lines = new Lines(REQUEST_SIZE_MAX);
  let outstanding = 0;
  const reply = (text: string): void => {
    if (!socket.writable) return;
    if (!socket.write(text)) socket.pause();
  };
  const refuse = (reason: string): void => {
    socket.removeAllListeners('data');
    if (socket.writable) socket.end(encodeResponse({ id: null, error: reason }));
    socket.resume();
  };
  const answer = async (line: string): Promise<void> => {
    const request = decodeRequest(line);
    outstanding += 1;
    if (outstanding >= OUTSTANDING_MAX) socket.pause();
    const response = await methods.answer(request);
    outstanding -= 1;
    reply(encodeResponse(response));
    if (outstanding < OUTSTANDING_MAX && !socket.writableNeedDrain) socket.resume();
  };
  const fail = (error: unknown): void => {
    if (!(error instanceof DecodeError)) throw error;
    log.debug('a control client wrote what is no request', { reason: error.message });
    refuse(error.message);
  };
  socket.on('data', (bytes) => {
    try {
      for (const line of lines.push(bytes as Buffer)) answer(line).catch(fail);
    } catch (error) {
      fail(error);
    }
  });
  socket.on('drain', () => socket.resume());
  socket.on('error', (cause) => log.debug('a control connection broke', { reason: cause.message }));
}
