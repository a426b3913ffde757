import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SCALING_DOC, scalingDoc } from '../../scripts/scaling-doc.js';
import { comparisons } from '../../scripts/scaling/comparisons.js';

test('docs/scaling.md has the tables that the functions make', () => {
  expect(readFileSync(SCALING_DOC, 'utf8'), 'npx tsx scripts/scaling-doc.ts').toBe(scalingDoc());
});

test('memory and times are within 15 % of what was measured in one piece', () => {
  const judged = comparisons().filter(({ unit }) => unit !== 'searches/s');
  expect(judged).toHaveLength(7);
  for (const { what, measured, planned } of judged) {
    expect(Math.abs(planned / measured - 1), what).toBeLessThan(0.15);
  }
});
