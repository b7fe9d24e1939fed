import { measureRefresh } from './measures/refresh.js';
import { measureRetrieve } from './measures/retrieve.js';
import { measureSize } from './measures/size.js';
import { measureStart } from './measures/start.js';
import type { Row } from './row.js';
import { startVaultSetup } from './vault-setup.js';

// Prints one table of ratios; never asserts on time. Each ratio's two sides run in turn in this call.
const isFull = process.argv.includes('--full');
const rows: Row[] = [];

const setup = await startVaultSetup();
try {
  rows.push(...(await measureRetrieve(setup, isFull ? 8 : 4, isFull ? 8 : 5)));
} finally {
  await setup.close();
}
rows.push(...(await measureRefresh()), ...(await measureStart(isFull ? 15 : 5)), ...measureSize());
console.table(
  rows.map(({ id, work, measured, compared, ratio, target }) => ({
    row: id,
    work,
    measured,
    'compared with': compared,
    ratio,
    target,
  })),
);
