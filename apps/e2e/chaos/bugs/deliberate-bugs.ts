import type { Patch } from '../world/vault-build.js';

/** A mistake that is built into a copy of the vault, to see whether the checker finds it. */
export interface DeliberateBug {
  readonly name: string;
  readonly description: string;
  readonly patches: readonly Patch[];
  /** Rules of which one has to find it. */
  readonly rules: readonly string[];
}

/** Mistakes that one could make in the heart of the vault. */
export const deliberateBugs: readonly DeliberateBug[] = [
  {
    name: 'lease-not-renewed',
    description: 'the lease is taken and never renewed, so a provider slower than it gets two refreshes',
    patches: [
      {
        file: 'refresh/lease.js',
        find: 'await renewLease(deps.storage, key, lease, leaseTtlMs);',
        replace: 'await Promise.resolve();',
      },
    ],
    rules: ['two_refreshes_at_once', 'refresh_token_presented_twice', 'wrongly_declared_dead'],
  },
  {
    name: 'no-fencing',
    description: 'whoever comes last stores its tokens, also when they are older than what is stored',
    patches: [
      {
        file: 'storage/live/credentials.js',
        find: `        .where('generation', '=', generation)
        .where('status', '<>', 'revoked')
        .where((is) => is.or([is('status', '=', 'active'), is('death_cause', '=', 'interrupted_refresh')]))`,
        replace: '',
      },
    ],
    rules: ['older_token_again', 'refresh_token_presented_twice', 'token_of_another'],
  },
  {
    name: 'no-compare-on-invalid-grant',
    description: 'a refused refresh token ends the credential although another one is stored by now',
    patches: [
      {
        file: 'refresh/settle-refresh.js',
        find: 'if (!current || current.generation !== lease.generation)',
        replace: 'if (!current)',
      },
      {
        file: 'storage/live/credentials.js',
        find: `    return updateHeld(storage, key, lease, {
        ...released,
        status: 'needs_reauth',`,
        replace: `    lease = await findCredential(storage.db, key).then((row) => ({
        holder: row.lease_holder, leaseGeneration: row.lease_generation, generation: row.generation }));
    await storage.db.updateTable('credentials').set({ lease_holder: 'x' }).where('id', '=', key.credentialId).execute();
    return updateHeld(storage, key, { ...lease, holder: 'x' }, {
        ...released,
        status: 'needs_reauth',`,
      },
      {
        file: 'storage/live/credentials.js',
        find: 'export function storeDeath(',
        replace: 'export async function storeDeath(',
      },
    ],
    rules: ['wrongly_declared_dead'],
  },
  {
    name: 'release-before-record',
    description: 'the token leaves while its audit record is still being written',
    patches: [
      {
        file: 'access/release-credential.js',
        find: '    await recordCall(context, body, facts);\n',
        replace: '    void recordCall(context, body, facts).catch(() => {});\n',
      },
    ],
    rules: ['release_without_record'],
  },
  {
    name: 'checkpoint-skipped',
    description: 'the job that signs checkpoints over the audit log does nothing',
    patches: [
      {
        file: 'audit/checkpoints/checkpoint-jobs.js',
        find: 'await makeCheckpoint(deps);',
        replace: 'await Promise.resolve();',
      },
    ],
    rules: ['chain_broken'],
  },
  {
    name: 'lease-by-own-clock',
    description: 'leases are judged by the clock of each process in place of the database, and clocks differ',
    patches: [
      {
        file: 'storage/database/postgres/open-postgres.js',
        find: 'const nowMs = options.sharedClock?.();',
        replace: 'const nowMs = Date.now();',
      },
    ],
    rules: ['two_refreshes_at_once', 'refresh_token_presented_twice', 'wrongly_declared_dead'],
  },
];

/** Finds one by name. */
export function findBug(name: string): DeliberateBug {
  const bug = deliberateBugs.find((each) => each.name === name);
  if (bug) return bug;
  throw new RangeError(`no bug ${name}: there are ${deliberateBugs.map((each) => each.name).join(', ')}`);
}
