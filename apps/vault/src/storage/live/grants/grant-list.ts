import type { ExpressionBuilder, Selectable } from 'kysely';
import type { Storage } from '../../database/storage.js';
import type { CredentialTable, GrantTable } from '../../tables/live-tables.js';
import type { Tables } from '../../tables.js';

/** A grant's state as it is shown. */
export type GrantState = 'active' | 'expired' | 'revoked' | 'needs_reauth';

/** Which grants of an app a list shows; absent fields do not narrow. */
export interface GrantFilter {
  readonly appId: string;
  readonly userId?: string | undefined;
  /** With `userId`: grants of these groups too. */
  readonly groupIds?: readonly string[];
  readonly providerId?: string | undefined;
  /** Absent: all but revoked ones. */
  readonly state?: GrantState | undefined;
  readonly account?: string | undefined;
  readonly label?: string | undefined;
  readonly nowMs: number;
}

/** A grant in a list, with what its credential says. */
export type ListedGrant = Selectable<GrantTable> & {
  readonly credential_status: CredentialTable['status'];
  readonly access_expires_at: number | null;
  readonly credential_scopes_json: string;
  readonly credential_label: string | null;
  readonly credential_owner: CredentialTable['owner'];
  readonly metadata_json: string;
  readonly is_proxy_only: number;
  readonly last_used_at: number | null;
} & Pick<CredentialTable, (typeof forecastColumns)[number]>;

/** What `forecastNeed` judges by, beside status and access_expires_at. */
const forecastColumns = [
  'death_cause',
  'access_issued_at',
  'refresh_expires_at',
  'refresh_expiry_kind',
  'authorized_at',
  'has_refresh_token',
  'invalid_grant_at',
  'failures',
] as const;

type Joined = Tables & { g: GrantTable; c: CredentialTable };

/** One page of an app's grants, newest first, and how many there are in all. */
export async function listGrantRows(
  storage: Storage,
  filter: GrantFilter,
  page: { limit: number; offset: number },
): Promise<{ rows: ListedGrant[]; total: number }> {
  const matching = storage.db
    .selectFrom('grants as g')
    .innerJoin('credentials as c', (join) =>
      join.onRef('c.app_id', '=', 'g.app_id').onRef('c.id', '=', 'g.credential_id'),
    )
    .where((is) => matchFilter(is, filter));
  const [rows, count] = await Promise.all([
    matching
      .leftJoin('grant_uses as u', (join) =>
        join.onRef('u.app_id', '=', 'g.app_id').onRef('u.grant_id', '=', 'g.id'),
      )
      .selectAll('g')
      // Behind the grant's own columns, of which an unused one has the same name.
      .select([
        'c.status as credential_status',
        'c.access_expires_at',
        'c.scopes_json as credential_scopes_json',
        'c.metadata_json',
        'c.label as credential_label',
        'c.owner as credential_owner',
        'c.is_proxy_only',
        'u.last_used_at',
      ])
      .select(forecastColumns)
      .orderBy('g.id', 'desc')
      .limit(page.limit)
      .offset(page.offset)
      .execute(),
    matching.select((is) => is.fn.countAll().as('total')).executeTakeFirstOrThrow(),
  ]);
  return { rows, total: Number(count.total) };
}

function matchFilter(is: ExpressionBuilder<Joined, 'g' | 'c'>, filter: GrantFilter) {
  const conditions = [is('g.app_id', '=', filter.appId), matchState(is, filter)];
  if (filter.userId !== undefined) {
    const isOwn = is.and([is('g.principal_type', '=', 'user'), is('g.principal_id', '=', filter.userId)]);
    const { groupIds = [] } = filter;
    const isOfGroup = is.and([is('g.principal_type', '=', 'group'), is('g.principal_id', 'in', groupIds)]);
    conditions.push(groupIds.length === 0 ? isOwn : is.or([isOwn, isOfGroup]));
  }
  if (filter.providerId !== undefined) conditions.push(is('g.provider_id', '=', filter.providerId));
  if (filter.account !== undefined) {
    conditions.push(
      is.or([
        is(is.fn<string>('lower', ['g.account_identifier']), '=', filter.account.toLowerCase()),
        is('g.subject', '=', filter.account),
      ]),
    );
  }
  if (filter.label !== undefined) conditions.push(is('g.label', '=', filter.label));
  return is.and(conditions);
}

function matchState(is: ExpressionBuilder<Joined, 'g' | 'c'>, { state, nowMs }: GrantFilter) {
  if (state === undefined) return is('g.status', '<>', 'revoked');
  if (state === 'revoked') return is('g.status', '=', 'revoked');
  if (state === 'expired') return is.and([is('g.status', '=', 'active'), is('g.expires_at', '<=', nowMs)]);
  const isLive = is.and([
    is('g.status', '=', 'active'),
    is.or([is('g.expires_at', 'is', null), is('g.expires_at', '>', nowMs)]),
  ]);
  return is.and([isLive, is('c.status', state === 'active' ? '=' : '<>', 'active')]);
}
