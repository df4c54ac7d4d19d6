/**
 * Streams over `node:net` and `node:tls`.
 *
 * A plain connection reads straight into the receiver's buffers. Neither `net.Server` nor a connecting socket can be told
 * so in time (the receiver is not known yet), so the handle of a socket that has read nothing is moved to a
 * new one with `onread`, which asks for room before each read. TLS decrypts into memory of its own; from there
 * bytes are copied once.
 */
import {
  connect as connectTcp,
  createServer,
  type Server,
  Socket,
  type SocketConstructorOpts,
} from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { Log } from '#core/log-line.ts';
import type {
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  Net,
  Receiver,
  TlsIdentity,
} from '#core/ports/net.ts';
import { bindAhead } from './ahead.ts';
import { fingerprintOf } from './identity.ts';
import { connectRefusal, listenRefusal, strangerRefusal } from './net-refusals.ts';
import { type Ends, Stream } from './stream.ts';

/** Connections that the kernel keeps until they are accepted; it lowers this to net.core.somaxconn. */
const BACKLOG = 1024;
/** Milliseconds that a caller may take for its TLS handshake. */
const HANDSHAKE_MS_MAX = 5_000;

type Opener = (connection: Connection) => Receiver;

export function createNet(log: Log): Net {
  return {
    listen: (options, accept) => listen(options, accept, log),
    connect: (options, open) =>
      options.tls ? connectSecure(options, options.tls, open) : connectPlain(options, open),
    reaches,
  };
}

async function listen(options: ListenOptions, accept: Opener, log: Log): Promise<Listener> {
  const { address, port, tls, ahead } = options;
  const server = tls ? tlsServer(tls, accept, log) : plainServer(accept);
  await new Promise<void>((done, fail) => {
    const refuse = (error: Error) => fail(new Error(listenRefusal(address, port, error)));
    server.once('error', refuse);
    try {
      const place = ahead ? { fd: bindAhead(address, port) } : { host: address, port };
      server.listen({ ...place, backlog: BACKLOG }, () => {
        server.off('error', refuse);
        done();
      });
    } catch (error) {
      refuse(error as Error);
    }
  });
  server.on('error', (error) => log.warn('net: accepting failed', { reason: error.message }));
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    close: () => void server.close(),
  };
}

function plainServer(accept: Opener): Server {
  return createServer({ pauseOnConnect: true }, (socket) => void openPlain(socket, accept));
}

function tlsServer(tls: TlsIdentity, accept: Opener, log: Log): Server {
  const options = { ...tlsOptions(tls), requestCert: true, handshakeTimeout: HANDSHAKE_MS_MAX };
  const server = createTlsServer(options, (socket) => {
    const fingerprint = peerFingerprint(socket);
    if (tls.trusts(fingerprint)) {
      openSecure(socket, fingerprint, accept);
      return;
    }
    const { remoteAddress = '', remotePort = 0 } = socket;
    log.warn(strangerRefusal(remoteAddress, remotePort, fingerprint));
    socket.on('error', () => {}); // it may well complain; it is not ours any more
    socket.destroy();
  });
  server.on('tlsClientError', (error) =>
    log.debug('net: handshake failed', { reason: error.message }),
  );
  return server;
}

/**
 * Certificates are pinned, so nobody's signature is asked for: what counts is `trusts`, before any byte is delivered.
 * A resumed session brings its certificate along and is asked in the same way, so tickets open no way round.
 */
function tlsOptions(tls: TlsIdentity) {
  return {
    key: tls.key,
    cert: tls.certificate,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    rejectUnauthorized: false,
  } as const;
}

/** Empty when the peer showed no certificate. */
function peerFingerprint(socket: TLSSocket): string {
  const certificate = socket.getPeerX509Certificate();
  return certificate ? fingerprintOf(certificate.raw) : '';
}

function connectPlain(options: ConnectOptions, open: Opener): Promise<Connection> {
  const { address, port } = options;
  const socket = connectTcp({ host: address, port });
  return opened(socket, 'connect', options, () => openPlain(socket, open));
}

function connectSecure(
  options: ConnectOptions,
  tls: TlsIdentity,
  open: Opener,
): Promise<Connection> {
  const { address, port } = options;
  const socket = connectTls({ ...tlsOptions(tls), host: address, port });
  return opened(socket, 'secureConnect', options, () => {
    const fingerprint = peerFingerprint(socket);
    if (tls.trusts(fingerprint)) return openSecure(socket, fingerprint, open);
    throw new Error(strangerRefusal(address, port, fingerprint));
  });
}

/** Runs `open` within the event itself: one turn later the socket might have read something. */
function opened(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  options: ConnectOptions,
  open: () => Connection,
): Promise<Connection> {
  const { address, port, timeoutMs } = options;
  return new Promise((done, fail) => {
    const late = () => socket.destroy(new Error(`no answer in ${timeoutMs} ms`));
    const timer = setTimeout(late, timeoutMs);
    const refuse = (error: Error) => fail(new Error(connectRefusal(address, port, error)));
    socket.once('error', refuse);
    socket.once('close', () => {
      clearTimeout(timer);
      refuse(new Error('it closed the connection'));
    });
    socket.once(event, () => {
      clearTimeout(timer);
      try {
        done(open());
      } catch (error) {
        fail(error);
        socket.destroy();
      }
    });
  });
}

/** `_handle` is not documented; a test says whether a release of Node.js still has it so. */
interface WithHandle {
  _handle: unknown;
}

/** Moves the handle of a socket that has read nothing to one that reads into the receiver's buffers. */
function openPlain(socket: Socket, open: Opener): Stream {
  const stream = new Stream(endsOf(socket), '');
  const old = socket as unknown as WithHandle;
  const handle = old._handle;
  old._handle = null;
  socket.destroy();
  const receiver = open(stream);
  const onread = {
    buffer: () => stream.room(receiver),
    callback: (size: number) => {
      stream.received(receiver, size);
      return true;
    },
  };
  stream.attach(new Socket({ handle, onread } as SocketConstructorOpts), receiver);
  return stream;
}

function openSecure(socket: TLSSocket, fingerprint: string, open: Opener): Stream {
  const stream = new Stream(endsOf(socket), fingerprint);
  const receiver = open(stream);
  socket.on('data', (bytes) => stream.feed(bytes));
  stream.attach(socket, receiver);
  return stream;
}

function endsOf({ remoteAddress = '', remotePort = 0, localAddress = '' }: Socket): Ends {
  return { remoteAddress, remotePort, localAddress };
}

function reaches(address: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connectTcp({ host: address, port });
    const answer = (isThere: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      done(isThere);
    };
    const timer = setTimeout(answer, timeoutMs, false);
    socket.once('connect', () => answer(true));
    socket.once('error', (error) => answer('code' in error && error.code === 'ECONNREFUSED'));
  });
}
