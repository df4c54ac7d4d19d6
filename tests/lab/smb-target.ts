/** Where a lab's share is, and who may use it, as clients that others wrote are told. */
import type { Lab } from '#packaging/lab/processes.ts';

/** For a lab that serves SMB beside NFS. */
export const WITH_SMB = { protocols: ['nfs', 'smb'] } as const;

export interface SmbTarget {
  readonly address: string;
  readonly port: number;
  readonly share: string;
  readonly user: string;
  readonly password: string;
}

/** @param lab Started `WITH_SMB`. */
export async function smbTargetOf(lab: Lab): Promise<SmbTarget> {
  const { address, ports, share, user } = (await lab.describe()) as {
    readonly address: string;
    readonly ports: { readonly smb: number };
    readonly share: string;
    readonly user: { readonly name: string; readonly password: string };
  };
  return { address, port: ports.smb, share, user: user.name, password: user.password };
}
