import { describe, expect, it } from 'vitest';
import { applyBranding } from '../src/branding/apply-branding.js';
import { correctContrast, measureContrast, parseHex, type Rgb } from '../src/branding/contrast.js';
import { fillDefaults, findParameterErrors } from '../src/parts/parameter-rules.js';
import { formatDuration, listLifetimes } from '../src/wording/lifetimes.js';
import { describeScope } from '../src/wording/scopes.js';

const surfaces: [string, Rgb][] = [
  ['light', [255, 255, 255]],
  ['dark', [21, 24, 30]],
];
const read = (root: HTMLElement, name: string): Rgb =>
  parseHex(root.style.getPropertyValue(name)) ?? [0, 0, 0];

describe('branding', () => {
  it('agrees with the ratios WCAG gives', () => {
    expect(measureContrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 5);
    expect(measureContrast([119, 119, 119], [255, 255, 255])).toBeCloseTo(4.48, 2);
  });

  it.each(['#ffd400', '#fff', '#000000', '#111111', '#3048c8', '#e01e5a', '#7f7f7f', '#15181e', '#0f0'])(
    'is readable with %s in light and dark, text, lines and focus rings',
    (color) => {
      const root = document.createElement('div');
      applyBranding(color, root);
      for (const [name, surface] of surfaces) {
        const fill = read(root, `--brand-${name}`);
        expect(measureContrast(read(root, `--brand-${name}-ink`), fill)).toBeGreaterThanOrEqual(4.5);
        expect(measureContrast(read(root, `--brand-${name}-line`), surface)).toBeGreaterThanOrEqual(4.5);
        expect(measureContrast(fill, surface)).toBeGreaterThanOrEqual(1.5);
      }
    },
  );

  it('keeps a colour that is good as it is, and ignores what is no hex colour', () => {
    expect(correctContrast([48, 72, 200], [255, 255, 255], 4.5)).toEqual([48, 72, 200]);
    const root = document.createElement('div');
    for (const text of ['red', 'url(https://evil.example)', '#12345', '']) applyBranding(text, root);
    applyBranding(null, root);
    expect(root.style.cssText).toBe('');
  });
});

describe('lifetimes', () => {
  it('are offered within the maximum only, the maximum and the default among them', () => {
    expect(listLifetimes(200_000, 7200).map(({ seconds }) => seconds)).toEqual([3600, 7200, 86_400, 200_000]);
    expect(listLifetimes(30, null)).toEqual([{ seconds: 30, label: '30 seconds' }]);
    expect(listLifetimes(null, null).at(-1)).toEqual({ seconds: null, label: 'Until you take it back' });
  });

  it.each([
    [1, '1 second'],
    [5400, '1 hour 30 minutes'],
    [2_592_000, '30 days'],
    [31_536_000, '1 year'],
    [90_061, '1 day 1 hour'],
  ])('%d seconds read as %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
});

describe('connect parameters (C7)', () => {
  const subdomain = {
    name: 'subdomain',
    label: 'Subdomain',
    pattern: '[a-z0-9-]{1,63}',
    example: 'acme',
    default: null,
    options: null,
  };
  const region = { ...subdomain, name: 'region', label: 'Region', default: 'eu', options: ['us', 'eu'] };

  it('start with default or first option', () => {
    expect(fillDefaults([subdomain, region, { ...region, name: 'r2', default: null }])).toEqual({
      subdomain: '',
      region: 'eu',
      r2: 'us',
    });
  });

  it('must fit whole, not in part, and come from the list', () => {
    const check = (value: string, choice = 'eu') =>
      Object.keys(findParameterErrors([subdomain, region], { subdomain: value, region: choice }));
    expect(check('acme')).toEqual([]);
    expect(check('')).toEqual(['subdomain']);
    expect(check('acme.evil.example')).toEqual(['subdomain']);
    expect(check('a/b')).toEqual(['subdomain']);
    expect(check('acme', 'mars')).toEqual(['region']);
  });

  it('leaves a pattern the browser cannot read to the vault', () => {
    expect(findParameterErrors([{ ...subdomain, pattern: '(' }], { subdomain: 'x' })).toEqual({});
  });
});

it('shows the telling part of a scope', () => {
  expect(describeScope('https://www.googleapis.com/auth/calendar.readonly')).toBe('calendar.readonly');
  expect(describeScope('https://mail.google.com/')).toBe('mail.google.com');
  expect(describeScope('chat:write')).toBe('chat:write');
  expect(describeScope('offline_access')).toBe('Keep access while you are away');
});
