import { defineConfig } from '@playwright/test';

const reportFile = process.env.PLAYWRIGHT_JSON_OUTPUT_NAME;

export default defineConfig({
  testDir: '.',
  testIgnore: 'clients/**',
  testMatch: ['browser/**/*.spec.ts', 'processes/**/*.spec.ts', 'errors/**/*.spec.ts'],
  timeout: 45_000,
  expect: { timeout: 10_000 },
  // Each file has servers, ports and a browser of its own.
  workers: 2,
  forbidOnly: true,
  retries: 0,
  outputDir: './test-results',
  reporter: [['list'], ...(reportFile ? [['json', { outputFile: reportFile }] as const] : [])],
  use: {
    locale: 'en-GB',
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-quic',
        '--no-first-run',
      ],
    },
  },
});
