/** `User-Agent` of calls to the vault, and to providers where the caller sets none. */
export const userAgent = 'alter-sdk-typescript/0.1.0';
