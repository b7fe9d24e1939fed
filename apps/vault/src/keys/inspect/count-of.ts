/** A number with its noun, for people: `1 app key`, `2 app keys`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
