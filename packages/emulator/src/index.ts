export type { EmulatorControl } from './control/control.js';
export type { IssuerControl } from './control/control-api.js';
export type { Misbehaviour, MisbehaviourKind, MisbehaviourSpec } from './control/misbehaviour.js';
export { MISBEHAVIOUR_KINDS } from './control/misbehaviour.js';
export type {
  ClientRegistration,
  OpenerPolicy,
  RefreshMode,
  Settings,
  TokenFilter,
} from './control/world.js';
export { type DriveOptions, driveAuthorization } from './driver/page-browser.js';
export type { LogSummary, RefreshUse } from './journal/summary.js';
export { summarizeLog } from './journal/summary.js';
export type { Endpoint, LogEvent, LogEventName, TokenType } from './journal/token-log.js';
export { hashToken } from './journal/token-log.js';
export {
  type ArrivedCall,
  type KeyService,
  type KeyServiceOptions,
  startKeyService,
} from './keys/key-service.js';
export { type KnownKey, type SignedRequest, verifySigV4 } from './keys/verify-sigv4.js';
export type { OidcServerOptions } from './oidc/options.js';
export type { UserTokenInput } from './oidc/signing-keys.js';
export { type OidcEmulator, startOidcServer } from './oidc/start-oidc-server.js';
export type { ArrivedCredential } from './resource/echo.js';
export type { Message } from './resource/messages.js';
export {
  SHAPED_PROVIDER_IDS,
  type ShapedProviderId,
  type ShapedProvidersOptions,
} from './shapes/options.js';
export { type EmulatedOverrides, emulatedOverrides } from './shapes/overrides.js';
export { type ShapedProviders, startShapedProviders } from './shapes/start-shaped-providers.js';
export { type Emulator, type EmulatorOptions, startEmulator } from './start-emulator.js';
export { DEFAULT_USERS, type EmulatedUser } from './users.js';
