/** LSAPR_REFERENCED_DOMAIN_LIST ([MS-LSAT] §2.2.12): each domain once; names say which by its index. */
import type { NdrWriter } from '../ndr-writer.ts';
import type { KnownName } from './names.ts';
import { writeNdrSid } from './ndr-sid.ts';

export class ReferencedDomains {
  readonly #domains: KnownName[] = [];

  /** -1 for a name that is not known. */
  indexOf(known: KnownName | undefined): number {
    if (known === undefined) return -1;
    const at = this.#domains.findIndex(({ domain }) => domain === known.domain);
    return at >= 0 ? at : this.#domains.push(known) - 1;
  }

  write(to: NdrWriter): void {
    const domains = this.#domains;
    to.pointer(() => {
      to.u32(domains.length);
      to.pointer(() => {
        to.u32(domains.length);
        for (const { domainName, domain } of domains) {
          to.unicodeString(domainName);
          to.pointer(() => writeNdrSid(to, domain));
        }
      });
      to.u32(32);
    });
    to.flush();
  }
}

export const STATUS_NONE_MAPPED = 0xc0000073;
export const STATUS_SOME_NOT_MAPPED = 0x00000107;

export function mappedStatus(mapped: number, all: number): number {
  if (mapped === all) return 0;
  return mapped === 0 ? STATUS_NONE_MAPPED : STATUS_SOME_NOT_MAPPED;
}
