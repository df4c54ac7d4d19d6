/** A lab for one test: started, mounted by root, and gone with everything it left when the test is over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LAB_EXPORT, type LabOptions } from '#packaging/lab/plan.ts';
import { Lab, type Program } from '#packaging/lab/processes.ts';
import { createClock } from '#plugins/host/clock.ts';
import { createLog } from '#plugins/host/log.ts';
import { createNet } from '#plugins/host/net.ts';
import { createRandom } from '#plugins/host/random.ts';
import { MountClient, Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { RpcClient } from '#plugins/protocol/nfs/client/rpc-client.ts';
import { program } from '../support/program.ts';
import type { Place } from './raw-call.ts';

export const ROOT_CREDENTIAL = { uid: 0, gid: 0, groups: [] };
/** Milliseconds for one call: far above any takeover. */
export const CALL_MS_MAX = 30_000;

export type StageOptions = Partial<LabOptions> & Pick<LabOptions, 'address'>;

export interface Stage {
  readonly lab: Lab;
  readonly place: Place;
  readonly nfs: Nfs3Client;
  /** Handle of the export's root. */
  readonly root: Buffer;
}

/** What `work` throws is thrown on with what the boxes said last. */
export async function onStage(
  options: StageOptions,
  work: (stage: Stage) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-takeover-'));
  const lab = await startLab(options, directory);
  const { address, ports } = lab.plan.options;
  const place = { address, port: ports.nfs };
  const nfs = new Nfs3Client(openRpc(place));
  try {
    await work({ lab, place, nfs, root: await mountRoot(lab) });
    rmSync(directory, { recursive: true, force: true });
  } catch (cause) {
    const error = cause as Error;
    error.message += `\n  what the boxes said: ${join(directory, 'log')}`;
    throw error;
  } finally {
    nfs.rpc.close();
    await lab.stop();
  }
}

export function startLab(
  options: StageOptions,
  directory: string,
  run: Program = program,
): Promise<Lab> {
  return Lab.start(
    {
      boxes: 2,
      backends: ['posix', 'memory'],
      handles: 'generic',
      durability: 'disk',
      arbiter: 'witness',
      squash: 'no_root_squash',
      directory,
      ports: { nfs: 0, mount: 0, portmap: 0, smb: 0, metrics: 0 },
      log: join(directory, 'log'),
      ...options,
    },
    run,
  );
}

export function clientDependencies() {
  return { net: createNet(createLog({ level: 'error' })), clock: createClock() };
}

export function openRpc(place: Place): RpcClient {
  const firstXid = createRandom().u32();
  const options = { ...place, credential: ROOT_CREDENTIAL, firstXid, deadlineMs: CALL_MS_MAX };
  return new RpcClient(options, clientDependencies());
}

/** The handle of the lab's export. */
export async function mountRoot(lab: Lab): Promise<Buffer> {
  const { address, ports } = lab.plan.options;
  const rpc = openRpc({ address, port: ports.mount });
  const { handle, status } = await new MountClient(rpc).mnt(LAB_EXPORT);
  rpc.close();
  if (handle === undefined) throw new Error(`MNT ${LAB_EXPORT}: mountstat3 ${status}`);
  return Buffer.from(handle);
}
