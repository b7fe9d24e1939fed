import { defineConfig } from '@playwright/test';
import base from '../playwright.config.js';

/** The published clients; run by `npm run test:clients`, which brings the Python environment. */
export default defineConfig(base, {
  testDir: '.',
  testIgnore: [],
  testMatch: ['browser/**/*.spec.ts', 'python/**/*.spec.ts'],
  timeout: 120_000,
  outputDir: '../test-results',
});
