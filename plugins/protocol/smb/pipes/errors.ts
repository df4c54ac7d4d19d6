/** Win32 error codes that the interfaces answer with ([MS-ERREF] §2.2). */
export const NERR_SUCCESS = 0;
export const ERROR_ACCESS_DENIED = 5;
export const ERROR_NOT_SUPPORTED = 50;
export const ERROR_INVALID_LEVEL = 124;
export const NERR_NET_NAME_NOT_FOUND = 2310;
