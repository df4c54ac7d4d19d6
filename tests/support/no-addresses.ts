/** Service addresses where none is asked for: every one is there. */
import type { Addresses } from '#core/addresses.ts';

export const NO_ADDRESSES: Addresses = {
  check: async () => undefined,
  know() {},
  hold() {},
  held: [],
  heirs: () => [],
  condition: () => '',
  door() {},
  listensAhead: () => false,
  connected: () => () => {},
  isDefended: async () => false,
};
