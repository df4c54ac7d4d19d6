/** What the owner decides about the server; the same on every box, for a client compares ([MS-SMB2] §3.2.5.14.12). */
export interface SmbPolicy {
  /** `required`: who does not sign is refused. `enabled`: whoever asks for it signs. */
  readonly signing: 'required' | 'enabled';
  /** `required`: only encrypted sessions of 3.x are served. `offered`: shares that ask for it have it. */
  readonly encryption: 'offered' | 'required';
}
