/** What kind of server clients are told this is ([MS-SRVS] §2.2.2.6, §2.2.2.7). */
export const PLATFORM_ID_NT = 500;
/** Clients that care ask for at least 6.1. */
export const VERSION_MAJOR = 6;
export const VERSION_MINOR = 1;
/** SV_TYPE_WORKSTATION, SV_TYPE_SERVER, SV_TYPE_SERVER_NT. */
export const SERVER_TYPE = 0x1 | 0x2 | 0x8000;
