import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot } from '../vault-process.js';

/** Where the snippets run; as in the folder of the snippets. */
export interface SeedPlace {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly api: string;
  readonly provider: string;
  getGrant(userId: string): string;
}

interface CallSnippets {
  fetchCalendarEvents(place: SeedPlace, userId: string): Promise<string[]>;
  postAndTemplate(place: SeedPlace): Promise<number[]>;
  explainFailure(place: SeedPlace): Promise<string>;
  readEmails(place: SeedPlace): Promise<Response>;
  listConnections(place: SeedPlace): Promise<string[]>;
}

interface QuickPathSnippet {
  runQuickPath(place: SeedPlace, onLink: (url: string) => void): Promise<string[]>;
}

interface WebAppSnippet {
  buildWebApp(place: SeedPlace): {
    handlers: Record<string, (params: Record<string, string>) => Promise<Response>>;
    close(): Promise<void>;
  };
}

interface BackendSnippet {
  buildBackend(
    place: SeedPlace,
    pickAccount: (choices: readonly string[]) => Promise<string>,
  ): {
    createSession(jwt: string): Promise<{ session_token: string }>;
    listEvents(jwt: string): Promise<unknown>;
    listEventsOfChosenAccount(jwt: string): Promise<Response>;
    listConnections(jwt: string): Promise<{ provider: string; account: string; grant_id: string }[]>;
    revoke(jwt: string, grantId: string): Promise<{ success: boolean }>;
    requireUser(jwt: string): Promise<string>;
    close(): Promise<void>;
  };
}

/** The seeds' snippets as they were ported for the SDK's own tests: the same files, run where a real vault answers. */
export async function loadSeedSnippets(): Promise<
  CallSnippets & QuickPathSnippet & WebAppSnippet & BackendSnippet
> {
  const folder = join(repositoryRoot, 'packages', 'sdk', 'test', 'seeds');
  const names = ['calls.ts', 'quick-path.ts', 'web-app.ts', 'acting-for-a-user.ts'];
  const modules = await Promise.all(
    names.map((name) => import(pathToFileURL(join(folder, name)).href) as Promise<object>),
  );
  return Object.assign({}, ...modules);
}
