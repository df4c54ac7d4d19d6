/** Universal addresses: `10.0.0.1.8.1` is port 2049 of 10.0.0.1 (RFC 5665 §5.2.3). */
export function universalAddress(address: string, port: number): string {
  return `${address}.${port >>> 8}.${port & 0xff}`;
}

/** `undefined` for what is none. */
export function parseUniversalAddress(
  text: string,
): { readonly address: string; readonly port: number } | undefined {
  const match = /^(.+)\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const [, address = '', high = '', low = ''] = match;
  if (Number(high) > 255 || Number(low) > 255) return undefined;
  return { address, port: Number(high) * 256 + Number(low) };
}

/** netid of a literal address. */
export function netidOf(address: string): 'tcp' | 'tcp6' {
  return address.includes(':') ? 'tcp6' : 'tcp';
}
