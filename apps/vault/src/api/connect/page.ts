import { pageEndpoints } from '@alter-ai/core-contract';
import { authorize } from '../../connect/page/authorize.js';
import { openByHandle, openByToken } from '../../connect/page/browser-binding.js';
import { buildView } from '../../connect/page/build-view.js';
import { finishByUser, resolveMismatch, useExisting } from '../../connect/page/choose.js';
import { ApiError } from '../../http/api-error.js';
import { type RequestContext, type RouteRegistration, route } from '../../http/route.js';
import { enterKey } from '../../secrets/key-entry/enter-key.js';
import { ensureBrowserSecret, readBrowserSecret } from './browser-cookie.js';

/** Only the page itself may call these: a browser names the page's origin in `Origin` (T4). */
function requireOwnOrigin(context: RequestContext): void {
  const own = new URL(context.deps.config.publicUrl).origin;
  if (context.header('origin') !== own) throw new ApiError('forbidden');
}

const secretOf = (context: RequestContext) => readBrowserSecret(context.raw, context.deps.config.publicUrl);

/** Endpoints of the hosted connect page. */
export const routes: readonly RouteRegistration[] = [
  route(
    pageEndpoints.pageOpen,
    async (context, body) => {
      requireOwnOrigin(context);
      const { deps } = context;
      const opened = body as { session_token: string } | { handle: string };
      const row =
        'session_token' in opened
          ? await openByToken(
              deps,
              opened.session_token,
              ensureBrowserSecret(context.raw, deps.config.publicUrl),
            )
          : await openByHandle(deps, opened.handle, secretOf(context));
      return buildView(deps, row);
    },
    { perMinuteMax: 240 },
  ),
  route(pageEndpoints.pageAuthorize, async (context, body) => {
    requireOwnOrigin(context);
    const url = await authorize(context.deps, {
      handle: body.handle,
      browserSecret: secretOf(context),
      providerId: body.provider_id,
      parameters: body.parameters ?? {},
      lifetimeSeconds: body.lifetime_seconds ?? null,
      isAddedAccount: body.add_account === true,
    });
    return { authorization_url: url };
  }),
  route(
    pageEndpoints.pageEnterKey,
    async (context, body) => {
      requireOwnOrigin(context);
      const row = await enterKey(context.deps, {
        handle: body.handle,
        browserSecret: secretOf(context),
        fields: body.fields,
        lifetimeSeconds: body.lifetime_seconds ?? null,
      });
      return buildView(context.deps, row);
    },
    { perMinuteMax: 60 },
  ),
  route(pageEndpoints.pageUseExisting, async (context, body) => {
    requireOwnOrigin(context);
    const input = body as { handle: string; grant_id: string };
    const row = await useExisting(context.deps, {
      handle: input.handle,
      browserSecret: secretOf(context),
      grantId: input.grant_id,
    });
    return buildView(context.deps, row);
  }),
  route(pageEndpoints.pageResolveMismatch, async (context, body) => {
    requireOwnOrigin(context);
    const input = body as { handle: string; choice: 'add' | 'retry' | 'cancel' };
    const row = await resolveMismatch(context.deps, {
      handle: input.handle,
      browserSecret: secretOf(context),
      choice: input.choice,
    });
    return buildView(context.deps, row);
  }),
  ...[pageEndpoints.pageFinish, pageEndpoints.pageCancel].map((endpoint) =>
    route(endpoint, async (context, body) => {
      requireOwnOrigin(context);
      const { handle } = body as { handle: string };
      const row = await finishByUser(context.deps, {
        handle,
        browserSecret: secretOf(context),
        isCancelled: endpoint === pageEndpoints.pageCancel,
      });
      return buildView(context.deps, row);
    }),
  ),
];
