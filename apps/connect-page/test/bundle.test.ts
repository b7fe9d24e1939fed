// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const dist = new URL('../dist/', import.meta.url);
const assets = readdirSync(new URL('assets/', dist));
const read = (name: string) => readFileSync(new URL(`assets/${name}`, dist));
const scripts = assets.filter((name) => name.endsWith('.js'));

describe('the built page', () => {
  it('M12: transfers at most 110 KB of JavaScript on first view', () => {
    const bytes = scripts.reduce((sum, name) => sum + gzipSync(read(name), { level: 9 }).length, 0);
    expect(scripts.length).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(110 * 1024);
  });

  it('T4: has nothing inline and loads nothing from elsewhere', () => {
    const html = readFileSync(new URL('index.html', dist), 'utf8');
    expect(html).not.toMatch(/<style|style=|\son\w+=|javascript:|data:/i);
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)/);
    const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
    for (const address of addresses) expect(address).toMatch(/^\/sdk\/oauth\/connect\/assets\//);
  });

  it('brings no schema library and no server code along', () => {
    for (const name of scripts)
      expect(read(name).toString()).not.toMatch(/ZodError|better-sqlite3|['"]node:[a-z]/);
  });
});
