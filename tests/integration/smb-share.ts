/** A lab of one box with a share, and a folder for what clients of it leave on this side. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SmbTarget, smbTargetOf, WITH_SMB } from '../lab/smb-target.ts';
import { onStage } from '../takeover/stage.ts';

export async function onSmbShare(
  address: string,
  work: (target: SmbTarget, folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-smb-'));
  const options = { boxes: 1, backends: ['posix'], arbiter: 'alone', address } as const;
  try {
    await onStage({ ...options, ...WITH_SMB }, async ({ lab }) =>
      work(await smbTargetOf(lab), folder),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
