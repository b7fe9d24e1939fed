import { describe, expect, it } from 'vitest';
import { renderTable } from './output.js';

const head = ['id', 'finding', 'count'];
const id = '0199a2f4-7c11-7000-8000-000000000001';
const finding = 'a sentence that is somewhat longer than the place that there is for it';
const rows = [[id, finding, 3]];
const joined = (table: string) => table.replaceAll(/[^\w-]/g, '');

describe('tables', () => {
  it('stand in one line each where nobody says how wide, so that other programs can read them', () => {
    const line = renderTable(head, rows)
      .split('\n')
      .find((text) => text.includes(id));
    expect(line).toContain(finding);
  });

  it.each([120, 80, 60])(
    'are at most %i characters wide, at words where there are any, and keep every text',
    (width) => {
      const table = renderTable(head, rows, { width });
      for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
      expect(table).toMatch(/│/);
      if (width === 120) expect(table).toContain(id);
      for (const word of finding.split(' ')) expect(table).toContain(word);
      const cells = table.split('\n').filter((line) => line.startsWith('│'));
      expect(joined(cells.map((line) => line.split('│')[1]).join(''))).toContain(id);
    },
  );

  it('become a line for each column where they would have no room', () => {
    const columns = ['one', 'two', 'three', 'four', 'five'];
    const table = renderTable(columns, [columns.map((name) => `${name} ${id}`), columns], { width: 60 });
    expect(table.split('\n')).toContain(`three: three ${id}`);
    expect(table.split('\n\n')).toHaveLength(2);
  });

  it('let no text of others steer the terminal', () => {
    expect(renderTable(['a'], [['\u001b[2J x']])).not.toContain('\u001b');
  });
});
