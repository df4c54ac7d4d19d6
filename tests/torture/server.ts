/** What the tests are run against: a lab of one box, which is started again should a test end it, or a server elsewhere. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SmbTarget, smbTargetOf, WITH_SMB } from '../lab/smb-target.ts';
import { startLab } from '../takeover/stage.ts';

export interface Server {
  readonly target: SmbTarget;
  /** Where programs that run against it may leave files. */
  readonly directory: string;
  /** Whether it still runs; where it does not, it does when this resolves. */
  revived(): Promise<boolean>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly address: string;
  readonly backend: string;
}

export async function startServer({ address, backend }: ServerOptions): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-torture-'));
  const options = { boxes: 1, backends: [backend], arbiter: 'alone', address } as const;
  const lab = await startLab({ ...options, ...WITH_SMB }, directory);
  return {
    target: await smbTargetOf(lab),
    directory,
    revived: async () => {
      if (lab.isRunning('a')) return true;
      await lab.restart('a');
      await lab.settled();
      return false;
    },
    stop: async () => {
      await lab.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Somebody else's server: to see what a test is worth. */
export function foreignServer(target: SmbTarget): Server {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-torture-'));
  return {
    target,
    directory,
    revived: async () => true,
    stop: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** `NAME%PASSWORD@ADDRESS:PORT/SHARE` */
export function parseTarget(text: string): SmbTarget {
  const [, user = '', password = '', address = '', port = '', share = ''] =
    /^([^%]+)%(.+)@([\d.]+):(\d+)\/(.+)$/.exec(text) ?? [];
  if (share === '') throw new Error(`${text}: is not NAME%PASSWORD@ADDRESS:PORT/SHARE`);
  return { user, password, address, port: Number(port), share };
}
