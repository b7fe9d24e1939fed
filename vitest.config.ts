import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: ['packages/*', 'apps/vault', 'apps/connect-page', 'apps/demo', 'tools/checks'],
    // Two cores: more workers only make each other late.
    maxWorkers: 2,
  },
});
