/** SecD: the security descriptor of the new file, self-relative ([MS-SMB2] §2.2.13.2.2); read in security/. */
export const SECD = 'SecD';
