/** Source of `size` random bytes; `randomBytes` of node:crypto unless a test gives its own. */
export type RandomBytes = (size: number) => Uint8Array;
