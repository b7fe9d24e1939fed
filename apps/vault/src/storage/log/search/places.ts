/**
 * Which records of a segment are about something: distances from its first record in ascending order, written as a list of 16 bits
 * each, little endian, or as a map with a bit for each record of the segment, whichever is shorter.
 */
export function writePlaces(places: readonly number[], records: number): Buffer {
  const mapBytes = countMapBytes(records);
  if (places.length * 2 < mapBytes) {
    const list = Buffer.alloc(places.length * 2);
    for (const [index, place] of places.entries()) list.writeUInt16LE(place, index * 2);
    return list;
  }
  const map = Buffer.alloc(mapBytes);
  for (const place of places) map[place >> 3] = (map[place >> 3] ?? 0) | (1 << (place & 7));
  return map;
}

/** Places that are in all of them, ascending; `records` is the size of the segment. */
export function intersectPlaces(written: readonly Buffer[], records: number): number[] {
  const mapBytes = countMapBytes(records);
  const [shortest, ...others] = written.toSorted((left, right) => left.length - right.length);
  if (shortest === undefined) return [];
  const maps = others.map((other) => (other.length === mapBytes ? other : toMap(other, mapBytes)));
  if (shortest.length !== mapBytes) {
    return readList(shortest).filter((place) => maps.every((map) => hasPlace(map, place)));
  }
  const places: number[] = [];
  for (let index = 0; index < mapBytes; index += 1) {
    let bits = shortest[index] ?? 0;
    for (const map of maps) bits &= map[index] ?? 0;
    for (let bit = 0; bits >> bit > 0; bit += 1) if (((bits >> bit) & 1) === 1) places.push(index * 8 + bit);
  }
  return places;
}

function toMap(list: Buffer, mapBytes: number): Buffer {
  const map = Buffer.alloc(mapBytes);
  for (const place of readList(list)) map[place >> 3] = (map[place >> 3] ?? 0) | (1 << (place & 7));
  return map;
}

function readList(list: Buffer): number[] {
  return Array.from({ length: list.length / 2 }, (_, index) => list.readUInt16LE(index * 2));
}

function hasPlace(map: Buffer, place: number): boolean {
  return (((map[place >> 3] ?? 0) >> (place & 7)) & 1) === 1;
}

function countMapBytes(records: number): number {
  return Math.ceil(records / 8);
}
