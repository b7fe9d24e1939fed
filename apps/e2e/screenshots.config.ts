import { defineConfig } from '@playwright/test';
import usual from './playwright.config.js';

/** Makes the pictures of `docs/images`; no part of the tests. Run: `playwright test -c screenshots.config.ts`. */
const { reporter: _report, ...rest } = usual;
export default defineConfig({ ...rest, testMatch: ['screenshots.ts'], timeout: 180_000, reporter: 'list' });
