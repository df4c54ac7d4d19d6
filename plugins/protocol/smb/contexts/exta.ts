/** ExtA: extended attributes of the new file, a list of FILE_FULL_EA_INFORMATION ([MS-SMB2] §2.2.13.2.1); read in info/. */
export const EXTA = 'ExtA';
