import type { OauthGrantItem } from '@alter-ai/core-contract';
import { forecastNeed } from '../refresh/forecast/forecast-need.js';
import type { ProviderSettings } from '../settings/settings-reader.js';
import type { ListedGrant } from '../storage/live/grants/grant-list.js';

/** When and why a listed grant will need its user, as it is shown. */
export function describeForecast(
  row: ListedGrant,
  provider: ProviderSettings | undefined,
): OauthGrantItem['forecast'] {
  const forecast = forecastNeed({
    grant: row,
    credential: { ...row, status: row.credential_status },
    definition: provider?.definition ?? {},
  });
  if (forecast === null) return null;
  return {
    needs_user_at: forecast.atMs === null ? null : new Date(forecast.atMs).toISOString(),
    cause: forecast.cause,
    confidence: forecast.confidence,
  };
}
