import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  base: '/sdk/oauth/connect/',
  plugins: [react(), tailwindcss()],
  build: {
    // Nothing inline: the page is served with a policy that allows only files of its own origin (T4).
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
  test: { environment: 'happy-dom' },
});
