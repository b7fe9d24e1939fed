import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares two secrets without telling by the time taken where they differ. */
export function isSameText(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
