import type { ReusePolicy, Shape } from './shape.js';
import type { ShapesContext } from './shapes-context.js';
import type { StoredToken } from './token-store.js';

/** What a provider does with a refresh token that comes to it, seen that it may have been spent. */
export function judgeReuse(
  context: ShapesContext,
  shape: Shape,
  stored: StoredToken,
): 'accept' | 'refuse' | 'revoke_family' {
  if (stored.spentAtMs === undefined) return 'accept';
  const policy = readPolicy(context, shape);
  if (typeof policy === 'string') return policy;
  const isEarly = context.world.now() - stored.spentAtMs <= policy.windowSeconds * 1000;
  const isLast = context.store
    .listFamily(stored.grant.family)
    .every(
      (other) =>
        other.type !== 'refresh_token' ||
        other.chain !== stored.chain ||
        other.rotation <= stored.rotation ||
        (other.rotation === stored.rotation + 1 && other.spentAtMs === undefined),
    );
  return isEarly && isLast ? 'accept' : 'revoke_family';
}

function readPolicy(context: ShapesContext, shape: Shape): ReusePolicy {
  const { shapeRefreshMode, refreshWindowSeconds } = context.world.settings;
  switch (shapeRefreshMode) {
    case 'strict':
      return 'revoke_family';
    case 'window':
      return { windowSeconds: refreshWindowSeconds };
    case 'none':
      return 'accept';
    default:
      return shape.reuse;
  }
}
