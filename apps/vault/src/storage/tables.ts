import type {
  ActorTable,
  AuthorizationTable,
  ConnectSessionTable,
  CredentialTable,
  GrantTable,
  GrantUseTable,
  UserTable,
} from './tables/live-tables.js';
import type {
  AuditChainTable,
  AuditCheckpointChainTable,
  AuditCheckpointTable,
  AuditConsumerTable,
  AuditCursorTable,
  AuditOverdueTable,
  AuditRecordTable,
  AuditSegmentTable,
  AuditTermTable,
  JobLeaseTable,
  NonceTable,
  ProcessTable,
  WebhookDeliveryTable,
} from './tables/log-tables.js';
import type {
  ApiKeyTable,
  AppKeyWrapperTable,
  AppTable,
  DataKeyTable,
  IdentityProviderTable,
  KeyRotationTable,
  MetaTable,
  PolicyTable,
  ProviderConfigTable,
  WebhookTable,
} from './tables/settings-tables.js';

/**
 * Every table as kysely sees it. Times are milliseconds since 1970 (`bigint` in PostgreSQL, read as number), flags are 0 or 1,
 * `*_json` columns hold JSON text, `sealed_*` columns hold sealed records (K1). Every row but those of the server itself starts with
 * `app_id`, so that apps can be spread over databases.
 */
export interface Tables {
  meta: MetaTable;
  apps: AppTable;
  data_keys: DataKeyTable;
  api_keys: ApiKeyTable;
  provider_configs: ProviderConfigTable;
  identity_providers: IdentityProviderTable;
  policies: PolicyTable;
  users: UserTable;
  actors: ActorTable;
  credentials: CredentialTable;
  grants: GrantTable;
  grant_uses: GrantUseTable;
  connect_sessions: ConnectSessionTable;
  authorizations: AuthorizationTable;
  audit_chains: AuditChainTable;
  audit_records: AuditRecordTable;
  audit_checkpoints: AuditCheckpointTable;
  audit_checkpoint_chains: AuditCheckpointChainTable;
  audit_overdue: AuditOverdueTable;
  audit_segments: AuditSegmentTable;
  audit_terms: AuditTermTable;
  nonces_0: NonceTable;
  nonces_1: NonceTable;
  nonces_2: NonceTable;
  job_leases: JobLeaseTable;
  key_rotations: KeyRotationTable;
  app_key_wrappers: AppKeyWrapperTable;
  audit_consumers: AuditConsumerTable;
  audit_cursors: AuditCursorTable;
  webhooks: WebhookTable;
  webhook_deliveries: WebhookDeliveryTable;
  processes: ProcessTable;
}
