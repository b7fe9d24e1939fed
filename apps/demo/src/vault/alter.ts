import { AsyncLocalStorage } from 'node:async_hooks';
import { App } from '@alter-ai/alter-sdk';
import type { DemoConfig } from '../config.js';

/** The SDK, and for whom it acts: calls inside `runAs` concern that user alone. */
export interface Alter {
  readonly app: App;
  runAs<Result>(userToken: string, work: () => Promise<Result>): Promise<Result>;
}

/** Makes the one client of this process. */
export function createAlter(config: DemoConfig): Alter {
  const currentToken = new AsyncLocalStorage<string>();
  const app = new App({
    apiKey: config.vault.apiKey,
    baseUrl: config.vault.baseUrl,
    caller: 'demo-backend',
    // Outside of `runAs` there is no token and the call fails: nothing happens for nobody in particular.
    userTokenGetter: () => currentToken.getStore() ?? '',
  });
  return { app, runAs: (userToken, work) => currentToken.run(userToken, work) };
}
