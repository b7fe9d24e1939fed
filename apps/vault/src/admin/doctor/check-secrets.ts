import type { VaultDeps } from '../../deps.js';
import { checkKeys } from '../../keys/inspect/check-keys.js';
import { countOf } from '../../keys/inspect/count-of.js';
import { type EndingKey, listEndingKeys } from '../../storage/settings/doctor-rows.js';
import type { DoctorCheck } from './doctor-check.js';

const soonMs = 14 * 86_400_000;

/** The keys that seal, rotations under way, and API keys that end. */
export async function checkSecrets(
  deps: Pick<VaultDeps, 'storage' | 'keyring' | 'clock'>,
): Promise<DoctorCheck[]> {
  const nowMs = deps.clock();
  return [
    judgeOpenFailures(deps.keyring.countOpenFailures()),
    ...(await checkKeys(deps)),
    judgeEndingKeys(await listEndingKeys(deps.storage, nowMs + soonMs), nowMs),
  ];
}

/** The root key was compared with the database's canary when the vault was opened; what failed since then counts. */
export function judgeOpenFailures(failures: number): DoctorCheck {
  return failures === 0
    ? { name: 'keys', status: 'ok', message: 'the root key opens this database' }
    : {
        name: 'keys',
        status: 'failed',
        message: `${countOf(failures, 'sealed value')} did not open since the start; see alter audit search --kind credential.opened_failed`,
      };
}

/** Judges API keys that ended, or end within two weeks. */
export function judgeEndingKeys(keys: readonly EndingKey[], nowMs: number): DoctorCheck {
  const name = 'api keys';
  if (keys.length === 0) return { name, status: 'ok', message: 'none ends within 14 days' };
  const parts = keys.map((key) => {
    const day = new Date(key.expires_at).toISOString().slice(0, 10);
    return `${key.app}/${key.name} ${key.expires_at <= nowMs ? 'ended' : 'ends'} ${day}`;
  });
  return { name, status: 'warning', message: parts.join(', ') };
}
