import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { App, type AppOptions } from '../../src/index.js';
import { type RecordingServer, type Respond, sendJson, startRecordingServer } from './recording-server.js';
import { apiKey, startVaultServer, tokenAnswer, type VaultServer } from './vault-server.js';

/** A vault, a provider and an app between them; started once per test file. */
export interface TestBed {
  readonly vault: VaultServer;
  readonly provider: RecordingServer;
  readonly warnings: string[];
  /** Sets what the provider answers. */
  provide(respond: Respond): void;
  /** Makes an app; all of them are closed after the test. */
  makeApp(options?: AppOptions): App;
}

/** Sets up the servers for the tests of one file; every arrival at the vault must be signed and well formed. */
export function useTestBed(): TestBed {
  let respond: Respond = () => {};
  const bed = { warnings: [] as string[] } as { -readonly [Name in keyof TestBed]: TestBed[Name] };
  const apps: App[] = [];
  beforeAll(async () => {
    bed.vault = await startVaultServer();
    bed.provider = await startRecordingServer((arrived, response) => respond(arrived, response));
  });
  afterAll(async () => {
    await bed.vault.close();
    await bed.provider.close();
  });
  beforeEach(() => {
    bed.vault.arrived.length = 0;
    bed.provider.arrived.length = 0;
    bed.warnings.length = 0;
    respond = (_, response) => sendJson(response, 200, { ok: true });
    bed.vault.answerJson('recordApiCall', [200, { recorded: true }]);
    bed.vault.answerJson('retrieveToken', [200, tokenAnswer([bed.provider.host])]);
    return async () => {
      await Promise.all(apps.splice(0).map((app) => app.close()));
      expect(bed.vault.faults.splice(0)).toEqual([]);
    };
  });
  bed.provide = (given) => {
    respond = given;
  };
  bed.makeApp = (options = {}) => {
    const logger = {
      warn: (message: string) => void (message.includes('over http') || bed.warnings.push(message)),
    };
    const app = new App({ apiKey, baseUrl: bed.vault.url, logger, timeoutMs: 5000, ...options });
    apps.push(app);
    return app;
  };
  return bed;
}
