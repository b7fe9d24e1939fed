import { type Egress, EgressError } from '@alter-ai/egress';
import type { AppSettings } from '../../settings/settings-reader.js';
import type { DoctorCheck } from './doctor-check.js';

const timeoutMs = 5_000;

/** Asks every provider's endpoints, and the identity provider's, whether they answer at all: any answer of HTTP will do. */
export function checkNetwork(
  deps: { readonly egress: Pick<Egress, 'fetch'> },
  apps: readonly AppSettings[],
): Promise<DoctorCheck[]> {
  return Promise.all(
    apps.flatMap((app) =>
      listTargets(app).map(async ({ name, urls }) => {
        const answers = await Promise.all(urls.map((url) => ask(deps.egress, app, url)));
        const failed = answers.filter((answer) => !answer.isReached);
        return {
          name: `network ${app.slug}/${name}`,
          status: failed.length === 0 ? 'ok' : 'failed',
          message: (failed.length === 0 ? answers : failed).map((answer) => answer.text).join(', '),
        } as const;
      }),
    ),
  );
}

function listTargets(app: AppSettings): { name: string; urls: string[] }[] {
  const targets = [...app.providers.values()].map(({ providerId, definition }) => ({
    name: providerId,
    urls: [definition.authorization_endpoint, definition.token_endpoint, definition.revocation_endpoint],
  }));
  const idp = app.identityProvider;
  if (idp) {
    const discovery = `${idp.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    targets.push({ name: 'identity provider', urls: [discovery] });
  }
  // An address that depends on a person's account has no meaning without one.
  return targets
    .map(({ name, urls }) => ({
      name,
      urls: [...new Set(urls.filter((url) => typeof url === 'string' && !url.includes('{')))] as string[],
    }))
    .filter(({ urls }) => urls.length > 0);
}

async function ask(egress: Pick<Egress, 'fetch'>, app: AppSettings, url: string) {
  const { host } = new URL(url);
  try {
    const { status } = await egress.fetch(url, {
      method: 'GET',
      allowedNetworks: app.allowedNetworks,
      timeoutMs,
      isFreshConnection: true,
    });
    return { isReached: true, text: `${host} answers ${status}` };
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    if (error.code === 'response_too_large') return { isReached: true, text: `${host} answers` };
    return { isReached: false, text: `${host} is not reached (${error.code})` };
  }
}
