import { defineConfig } from '@playwright/test';
import usual from './playwright.config.js';

/** What takes longer than `npm test` may; `.ci/run` runs it. */
export default defineConfig(usual, { testMatch: ['long/**/*.spec.ts'] });
