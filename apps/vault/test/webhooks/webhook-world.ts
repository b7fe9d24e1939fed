import { afterEach } from 'vitest';
import type { AuditEvent } from '../../src/audit/audit-event.js';
import { applySettings } from '../../src/settings/apply/apply-settings.js';
import { checkSettings } from '../../src/settings/file/read-file.js';
import {
  type ListedWebhook,
  listActiveWebhooks,
  listWebhooks,
} from '../../src/storage/webhooks/webhook-rows.js';
import { runPass } from '../../src/webhooks/run-webhooks.js';
import { startTestVault, type TestVault } from '../harness.js';
import { type Receiver, startReceiver } from './receiver.js';

/** A vault with one app and one webhook, its receiver, and a clock that the test moves. */
export interface WebhookWorld {
  readonly vault: TestVault;
  readonly receiver: Receiver;
  readonly time: { ms: number };
  /** The secret that was made for the webhook. */
  readonly secret: string;
  /** Puts something on record for the app. */
  record(event?: Partial<AuditEvent>): Promise<string>;
  /** Passes over every webhook until nothing is due. */
  deliver(): Promise<void>;
  readWebhook(): Promise<ListedWebhook>;
}

/** Applies a configuration as a file is. */
export function apply(vault: TestVault, content: unknown, options: { isPruning?: boolean } = {}) {
  const { isDevelopment } = vault.deps.config;
  const sources = { isDevelopment, readVariable: () => undefined, readFile: () => '' };
  const { file } = checkSettings(content, 'test', sources);
  return applySettings(vault.deps, {
    files: [{ label: 'test', file }],
    isPruning: options.isPruning === true,
    appliedBy: 'test',
  });
}

/** Prepares worlds of one test file. */
export function prepareWorlds(kind: 'sqlite' | 'postgres') {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  return async (
    options: {
      events?: string[];
      environment?: Record<string, string>;
      url?: string;
      networks?: string[];
    } = {},
  ): Promise<WebhookWorld> => {
    const receiver = await startReceiver();
    closing.push(() => receiver.close());
    const time = { ms: Date.now() };
    const webhook = { name: 'ops', url: options.url ?? receiver.url, events: options.events ?? ['grant.*'] };
    const config = {
      version: 1,
      apps: [
        { slug: 'demo', name: 'Demo', webhooks: [webhook], allowed_networks: options.networks ?? [] },
        { slug: 'other', name: 'Other' },
      ],
    };
    const vault = await startTestVault({
      kind,
      clock: () => time.ms,
      config: { version: 1, apps: [] },
      ...(options.environment ? { environment: options.environment } : {}),
    });
    closing.push(() => vault.close());
    const applied = await apply(vault, config);
    const deps = { ...vault.deps, random: () => 0.5, waitingMax: 50 };
    const readWebhook = async () => {
      const [row] = await listWebhooks(vault.deps.storage, {});
      if (!row) throw new Error('no webhook');
      return row;
    };
    const { app_id: appId } = await readWebhook();
    return {
      vault,
      receiver,
      time,
      secret: applied.apps[0]?.webhooks[0]?.secret ?? '',
      readWebhook,
      record: async (event = {}) => {
        const { recordId } = await vault.deps.audit.append({ kind: 'grant.revoked', appId, ...event });
        return recordId;
      },
      deliver: async () => {
        const { signal } = new AbortController();
        for (const { app_id, id } of await listActiveWebhooks(vault.deps.storage))
          while ((await runPass(deps, { appId: app_id, id }, signal)) === 'worked');
      },
    };
  };
}
