import { setTimeout as sleep } from 'node:timers/promises';
import { type Fleet, startFleet } from './fleet.js';
import { type Figures, type Interruption, judge } from './judge.js';
import { connectAccounts, describeProvider, type Place, startProvider } from './load/accounts.js';
import { makeCalls } from './load/callers.js';
import type { CallerReport } from './load/report.js';
import type { Mode } from './modes.js';

/** How large a run is. */
export interface FiguresOptions {
  /** PostgreSQL server on which a database is made. */
  readonly databaseUrl: string;
  /** Run together, each with its own provider. */
  readonly modes: readonly Mode[];
  /** Calls in flight at once, in each wave, over all modes. */
  readonly calls: number;
  /** Expired credentials of each mode; every wave has its share. */
  readonly credentials: number;
  /** Waves, and kills: one in each. */
  readonly kills: number;
  /** How late the provider answers; leases last 6 s. */
  readonly delayMs: number;
  readonly log: (line: string) => void;
}

const patienceMs = 300_000;
/** A machine that is busy with other things takes long to let that many calls in. */
const heldWithinMs = 300_000;

/** What came of a run. */
export interface FiguresResult {
  readonly figures: readonly Figures[];
  /** The most requests that the clients had open at one moment. */
  readonly inFlightMax: number;
}

/**
 * Three vaults on PostgreSQL, credentials that have all expired, a provider slower than a lease; in each wave calls by the thousand,
 * and one process is killed while its refreshes are under way.
 */
export async function runFigures(options: FiguresOptions): Promise<FiguresResult> {
  const { modes, log } = options;
  const starting = await Promise.all(
    modes.map(async (mode) => ({ mode, provider: await startProvider(mode, options.credentials) })),
  );
  let fleet: Fleet | undefined;
  try {
    fleet = await startFleet(
      options.databaseUrl,
      starting.map(({ mode, provider }) => describeProvider(mode, provider)),
    );
    const places: Place[] = [];
    for (const place of starting) {
      places.push(
        await connectAccounts(fleet, place, { accounts: options.credentials, delayMs: options.delayMs }),
      );
    }
    log(`${places.length * options.credentials} accounts connected`);
    const reports: CallerReport[] = [];
    const interrupted: Interruption[] = [];
    for (let wave = 0; wave < options.kills; wave += 1) {
      const result = await runWave(fleet, places, { ...options, wave });
      reports.push(result.report);
      interrupted.push(...result.interrupted);
      log(
        `wave ${wave + 1}: ${result.report.inFlightMax} requests in flight, ${result.report.attempts} in all, ` +
          `${result.interrupted.length} refreshes interrupted; made again: ${JSON.stringify(result.report.retries)}`,
      );
    }
    const final = await makeCalls({
      apiKey: fleet.apiKey,
      ports: listPorts(fleet),
      calls: places.flatMap((place) => place.grantIds.map((grantId) => describeCall(place, grantId))),
      patienceMs,
      isKeepingTokens: true,
    });
    const figures: Figures[] = [];
    for (const place of places) {
      const own = interrupted.filter(({ grantId }) => place.grantIds.includes(grantId));
      figures.push(await judge(fleet, { place, kills: options.kills, interrupted: own, reports }, final));
    }
    return { figures, inFlightMax: Math.max(...reports.map((report) => report.inFlightMax)) };
  } finally {
    await fleet?.close();
    await Promise.all(starting.map(({ provider }) => provider.close()));
  }
}

async function runWave(
  fleet: Fleet,
  places: readonly Place[],
  options: FiguresOptions & { wave: number },
): Promise<{ report: CallerReport; interrupted: Interruption[] }> {
  const { wave, kills, calls } = options;
  const share = (place: Place) => place.grantIds.filter((_, index) => index % kills === wave);
  const due = places.flatMap((place) => share(place).map((grantId) => describeCall(place, grantId)));
  const made = makeCalls({
    apiKey: fleet.apiKey,
    ports: listPorts(fleet),
    calls: Array.from({ length: calls }, (_, index) => due[index % due.length]).filter(
      (call) => call !== undefined,
    ),
    patienceMs,
    isKeepingTokens: false,
  });
  // A failure of the clients is reported where it is awaited below.
  made.catch(() => {});
  const killed = await killWhileRefreshing(fleet, places, { due: due.length, ...options });
  await fleet.restart(killed.victim);
  return { report: await made, interrupted: killed.interrupted };
}

/** Kills the process that holds the most leases, once the providers have the wave's requests; answers what it took with it. */
async function killWhileRefreshing(
  fleet: Fleet,
  places: readonly Place[],
  options: { due: number; delayMs: number },
): Promise<{ victim: number; interrupted: Interruption[] }> {
  const countPresented = () =>
    places.reduce((sum, { provider }) => sum + provider.summarizeLog().refreshPresented, 0);
  const atStart = countPresented();
  let heldSinceMs: number | null = null;
  for (const endMs = Date.now() + heldWithinMs; ; await sleep(50)) {
    const held = await listOpenRefreshes(fleet);
    const sizes = fleet.vaults.map(
      (_vault, index) => held.filter((refresh) => refresh.holder === fleet.processId(index)).length,
    );
    const most = Math.max(...sizes);
    if (most === 0) heldSinceMs = null;
    else heldSinceMs ??= Date.now();
    const isEveryoneAsked = countPresented() - atStart >= options.due;
    // Not so late that the first answers come back, unless too few are under way to prove much.
    const isTime = heldSinceMs !== null && Date.now() - heldSinceMs > options.delayMs * 0.8;
    if (most > 0 && (isEveryoneAsked || (isTime && most >= Math.min(5, options.due / 10)))) {
      const victim = sizes.indexOf(most);
      const holder = fleet.processId(victim);
      fleet.kill(victim);
      // What it had sent to the database by then is done a moment later; nobody takes its leases before they end.
      await sleep(400);
      const left = (await listOpenRefreshes(fleet)).filter((refresh) => refresh.holder === holder);
      return { victim, interrupted: left };
    }
    if (Date.now() > endMs) {
      throw new Error(
        `no process held a lease; ${countPresented() - atStart} requests reached the providers`,
      );
    }
  }
}

/** Grants whose refresh is begun and not ended, with the process that did so. */
async function listOpenRefreshes(fleet: Fleet): Promise<(Interruption & { holder: string })[]> {
  const { rows } = await fleet.database.query<{ id: string; lease_holder: string; is_sent: boolean }>(
    `select g.id, c.lease_holder, c.intent_unsent_lease is distinct from c.lease_generation as is_sent from grants g join credentials c on c.app_id = g.app_id and c.id = g.credential_id
      where c.lease_holder is not null and c.intent_generation = c.generation`,
  );
  return rows.map((row) => ({ grantId: row.id, isSent: row.is_sent, holder: row.lease_holder }));
}

const listPorts = (fleet: Fleet) => fleet.vaults.map((vault) => Number(new URL(vault.url).port));

function describeCall(place: Place, grantId: string) {
  return { grantId, url: `${place.provider.issuer}/api/messages` };
}
