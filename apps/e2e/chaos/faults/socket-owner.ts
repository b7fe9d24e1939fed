import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Which of the processes holds the local end `port` of a connection to this machine (Linux: /proc). Undefined where the system
 * does not tell.
 */
export function findSocketOwner(
  port: number,
  processIds: readonly (number | undefined)[],
): number | undefined {
  const inode = findInode(port);
  if (inode === undefined) return undefined;
  const link = `socket:[${inode}]`;
  const index = processIds.findIndex((pid) => pid !== undefined && holdsLink(pid, link));
  return index === -1 ? undefined : index;
}

function findInode(port: number): string | undefined {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let table: string;
  try {
    table = readFileSync('/proc/net/tcp', 'utf8');
  } catch {
    return undefined;
  }
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(local) === true && fields[9] !== '0') return fields[9];
  }
  return undefined;
}

function holdsLink(pid: number, link: string): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) => {
      try {
        return readlinkSync(`${folder}/${name}`) === link;
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}
