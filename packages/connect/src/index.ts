export { AlterConnect, AlterConnect as default } from './alter-connect.js';
export type {
  AlterConnectConfig,
  AlterConnectEvents,
  AlterError,
  Awaitable,
  ConnectedGrant,
  ConnectedGrants,
  Grant,
  OpenOptions,
} from './types.js';
