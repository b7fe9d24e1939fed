import {
  AlterSDKError,
  type App,
  type ConnectSession,
  GrantNotFoundError,
  ReAuthRequiredError,
  ScopeReauthRequiredError,
} from '@alter-ai/alter-sdk';

/** Which session the demo asks the vault for. */
export interface ConnectInput {
  readonly providerId: string;
  /** Origin of the page that opens the popup. */
  readonly allowedOrigin: string;
  /** Where the redirect returns to, which phones get in place of the popup. */
  readonly returnUrl: string;
  /** Asks the provider to let the user choose another account. */
  readonly isAnotherAccount: boolean;
  /** The error that the session is to repair, as the last call threw it. */
  readonly repairs: AlterSDKError | undefined;
}

/** Whether connecting the account again helps against an error. */
export function isRepairable(
  error: AlterSDKError,
): error is GrantNotFoundError | ReAuthRequiredError | ScopeReauthRequiredError {
  return (
    error instanceof GrantNotFoundError ||
    error instanceof ScopeReauthRequiredError ||
    (error instanceof ReAuthRequiredError && error.code !== 'jwt_validation_error')
  );
}

/** Makes the connect session for the current user. */
export async function startConnect(app: App, input: ConnectInput): Promise<ConnectSession> {
  const { repairs, providerId, allowedOrigin, returnUrl } = input;
  if (
    repairs instanceof AlterSDKError &&
    isRepairable(repairs) &&
    'providerId' in repairs &&
    repairs.providerId === providerId
  ) {
    return app.createConnectSessionForError(repairs, { allowedOrigin, returnUrl });
  }
  return app.createConnectSession({
    allowedOrigin,
    returnUrl,
    allowedProviders: [providerId],
    ...(input.isAnotherAccount ? { switchAccount: true } : {}),
    metadata: { page: 'demo' },
  });
}
