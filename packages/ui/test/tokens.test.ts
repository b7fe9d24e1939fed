import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../src/styles.css', import.meta.url), 'utf8');
const darkFrom = css.indexOf('prefers-color-scheme: dark');
const light = readTokens(css.slice(0, darkFrom));
const themes = { light, dark: { ...light, ...readTokens(css.slice(darkFrom)) } };

/** The hex colour of each `--tone-*`; of a brand colour its fallback. */
function readTokens(text: string): Record<string, string> {
  const found = text.matchAll(/--tone-([a-z-]+): (?:var\([^,]+, )?(#[0-9a-f]{6})/g);
  return Object.fromEntries([...found].map(([, name, color]) => [name, color]));
}

function measureLuminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function measureContrast(one = '', other = ''): number {
  const [low = 0, high = 0] = [measureLuminance(one), measureLuminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

describe.each(Object.entries(themes))('%s tokens meet WCAG AA', (_, tokens) => {
  it.each([
    ['ink', 'surface', 4.5],
    ['ink', 'canvas', 4.5],
    ['ink', 'raised', 4.5],
    ['soft', 'surface', 4.5],
    ['soft', 'canvas', 4.5],
    ['soft', 'raised', 4.5],
    ['accent-ink', 'accent', 4.5],
    ['accent-line', 'surface', 4.5],
    ['good', 'surface', 4.5],
    ['good', 'good-wash', 4.5],
    ['warn', 'surface', 4.5],
    ['warn', 'warn-wash', 4.5],
    ['bad', 'surface', 4.5],
    ['bad', 'bad-wash', 4.5],
    ['edge', 'surface', 3],
  ])('%s on %s at %d', (text, ground, ratio) => {
    expect(measureContrast(tokens[text], tokens[ground])).toBeGreaterThanOrEqual(ratio);
  });
});
