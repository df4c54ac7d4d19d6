/** Asks a running box through its control socket. */
import { createConnection } from 'node:net';
import { decodeResponse, encodeRequest, Lines, RESPONSE_SIZE_MAX } from '#core/control.ts';

/** Milliseconds for an answer: the slowest command waits for every box to sync something. */
const ANSWER_MS_MAX = 60_000;

/** The answer's `result`. Rejects with the box's own sentence, or with one that says why no box answered. */
export function ask(path: string, method: string, params?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    const lines = new Lines(RESPONSE_SIZE_MAX);
    const fail = (sentence: string): void => {
      socket.destroy();
      reject(new Error(sentence));
    };
    socket.setTimeout(ANSWER_MS_MAX, () => fail(`the box at ${path} has not answered in time`));
    socket.once('connect', () => {
      socket.write(encodeRequest({ id: 1, method, ...(params && { params }) }));
    });
    socket.on('data', (bytes) => {
      try {
        const [line] = lines.push(bytes as Buffer);
        if (line === undefined) return;
        const { result, error } = decodeResponse(line);
        if (error !== undefined) return fail(error);
        socket.destroy();
        resolve(result);
      } catch (error) {
        fail(`what answers at ${path} is no box: ${(error as Error).message}`);
      }
    });
    socket.once('error', (cause: NodeJS.ErrnoException) => fail(explain(path, cause)));
    socket.once('end', () =>
      fail(`the box at ${path} has closed the connection without an answer`),
    );
  });
}

function explain(path: string, cause: NodeJS.ErrnoException): string {
  switch (cause.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return `no box runs at ${path}; start one with "understudy serve", or name its socket with --control`;
    case 'EACCES':
    case 'EPERM':
      return `${path} belongs to another user; run this as the user that runs the box`;
    case 'ENOTSOCK':
      return `${path} is no control socket`;
    default:
      return `cannot reach the box at ${path}: ${cause.message}`;
  }
}
