import { AlterSDKError, AlterValueError } from '../errors/alter-sdk-error.js';
import type { UserTokenGetter } from './client-options.js';

/**
 * The user token of one call: the explicit one, else what the getter gives, else none. Never silently none when a
 * getter is there and fails (wire/2 §1.1).
 * @throws {AlterSDKError} `user_token_getter_failed`; holds nothing of the getter's own error.
 */
export async function resolveUserToken(
  explicit: string | undefined,
  getter: UserTokenGetter | undefined,
): Promise<string | undefined> {
  if (explicit !== undefined) {
    if (typeof explicit !== 'string' || explicit.trim() === '') {
      throw new AlterValueError('userToken must be a non-empty string');
    }
    return explicit;
  }
  if (getter === undefined) return undefined;
  let token: unknown;
  try {
    token = await getter();
  } catch {
    throw new AlterSDKError('userTokenGetter failed', { code: 'user_token_getter_failed' });
  }
  if (typeof token !== 'string' || token.trim() === '') {
    throw new AlterSDKError('userTokenGetter gave no token', { code: 'user_token_getter_failed' });
  }
  return token;
}
