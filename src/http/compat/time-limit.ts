/** For one search: less than the 5 s after which clients of other engines give a server up. */
export const TIME_LIMIT_MS = 4_000;
