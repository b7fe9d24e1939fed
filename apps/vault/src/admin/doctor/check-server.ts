import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { VaultConfig } from '../../config.js';
import type { DoctorCheck } from './doctor-check.js';

const gibibyte = 1024 ** 3;
const freeBytesMin = 100 * 1024 ** 2;
const loopbackHosts = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);

/** The address that people see, what stands before the server, and the disk below it. */
export async function checkServer(config: VaultConfig): Promise<DoctorCheck[]> {
  const { bavail, blocks, bsize } = await statfs(findFolder(resolve(config.dataDir)));
  return [
    judgePublicUrl(config),
    judgeProxies(config),
    judgeDisk({ freeBytes: bavail * bsize, totalBytes: blocks * bsize }),
  ];
}

/** The data directory, or, as long as no server has made it, where it would be. */
function findFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : findFolder(dirname(path));
}

/** Judges the public URL. */
export function judgePublicUrl(config: Pick<VaultConfig, 'publicUrl' | 'isDevelopment'>): DoctorCheck {
  const isSafe = config.publicUrl.startsWith('https:');
  return {
    name: 'public url',
    status: config.isDevelopment ? 'info' : isSafe ? 'ok' : 'warning',
    message: isSafe || config.isDevelopment ? config.publicUrl : `${config.publicUrl} is not https`,
  };
}

/** Judges which proxies are believed: too many, and anybody may claim any address; too few, and all callers have the proxy's. */
export function judgeProxies(
  config: Pick<VaultConfig, 'trustedProxies' | 'host' | 'publicUrl' | 'isDevelopment'>,
): DoctorCheck {
  const name = 'trusted proxies';
  const { trustedProxies } = config;
  const open = trustedProxies.filter((entry) => /\/0$/.test(entry));
  if (open.length > 0) {
    return {
      name,
      status: 'failed',
      message: `${open.join(', ')} trusts everybody: any caller may claim any address. Name the proxies alone`,
    };
  }
  const wide = trustedProxies.filter((entry) => Number(/\/(\d+)$/.exec(entry)?.[1] ?? 128) < 8);
  if (wide.length > 0) return { name, status: 'warning', message: `${wide.join(', ')} is very wide` };
  if (trustedProxies.length > 0) return { name, status: 'ok', message: trustedProxies.join(', ') };
  const isBehindProxy =
    !config.isDevelopment &&
    loopbackHosts.has(config.host) &&
    !loopbackHosts.has(new URL(config.publicUrl).hostname);
  if (!isBehindProxy) return { name, status: 'ok', message: 'none' };
  return {
    name,
    status: 'warning',
    message: `none, but the server listens on ${config.host} behind something: all callers have its address, in rules, limits and records. Set ALTER_VAULT_TRUSTED_PROXIES to it`,
  };
}

/** Judges the disk of the data directory. */
export function judgeDisk(disk: { freeBytes: number; totalBytes: number }): DoctorCheck {
  const share = disk.totalBytes > 0 ? disk.freeBytes / disk.totalBytes : 0;
  const message = `${(disk.freeBytes / gibibyte).toFixed(1)} GiB free (${Math.floor(share * 100)} %) in the data directory`;
  if (disk.freeBytes < freeBytesMin) return { name: 'disk', status: 'failed', message };
  return { name: 'disk', status: disk.freeBytes < gibibyte || share < 0.05 ? 'warning' : 'ok', message };
}
