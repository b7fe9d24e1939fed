import { randomUUID } from 'node:crypto';
import { AlterSDKError, type App, HttpMethod } from '@alter-ai/alter-sdk';
import type { DemoProvider } from '../providers.js';

/** What the form asks for. */
export interface MessageInput {
  readonly provider: DemoProvider;
  /** The account to send from; absent: the only one. */
  readonly account: string | undefined;
  readonly to: string;
  readonly text: string;
  readonly reason: string;
}

/** How one call through the vault went. */
export interface CallOutcome {
  /** Goes into the audit record, where the page finds it again. */
  readonly callId: string;
  readonly input: MessageInput;
  readonly elapsedMs: number;
  readonly result: { readonly status: number; readonly body: string } | { readonly error: AlterSDKError };
}

/** Longer than any of the emulated providers takes, shorter than one that was made slow. */
const providerTimeoutSeconds = 3;

/** Sends a message with the account of the current user. The demo never sees the credential. */
export async function sendMessage(app: App, input: MessageInput): Promise<CallOutcome> {
  const callId = randomUUID();
  const startedAtMs = performance.now();
  const finish = (result: CallOutcome['result']): CallOutcome => ({
    callId,
    input,
    elapsedMs: Math.round(performance.now() - startedAtMs),
    result,
  });
  try {
    const response = await app.request(HttpMethod.POST, input.provider.messagesUrl, {
      provider: input.provider.id,
      account: input.account,
      json: { to: input.to, text: input.text },
      reason: input.reason || undefined,
      context: { page: 'demo', call_id: callId },
      timeout: providerTimeoutSeconds,
    });
    return finish({ status: response.status, body: await response.text() });
  } catch (error) {
    if (!(error instanceof AlterSDKError)) throw error;
    return finish({ error });
  }
}
