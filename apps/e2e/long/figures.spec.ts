import { expect, test } from '@playwright/test';
import { modes } from '../figures/modes.js';
import { runFigures } from '../figures/run-figures.js';

const databaseUrl = process.env.DATABASE_URL ?? '';

// The same run as `npm run figures`, small: all three modes at once, one kill.
test('R2 R3 R4 R5: no refresh token is spent twice and no credential lost when a holder is killed', async () => {
  test.skip(databaseUrl === '', 'needs DATABASE_URL');
  test.setTimeout(120_000);
  const { figures } = await runFigures({
    databaseUrl,
    modes,
    calls: 600,
    credentials: 9,
    kills: 1,
    delayMs: 6_500,
    log: () => {},
  });
  expect(figures.flatMap((each) => each.violations)).toEqual([]);
  expect(figures.map((each) => each.mode)).toEqual(['a', 'b', 'c']);
  for (const each of figures) expect(each.interrupted).toBeGreaterThan(0);
});
