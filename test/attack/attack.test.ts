import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ATTACKS } from './attacks.js';
import { flippedBytes } from './store-attacks.js';
import { Target } from './target.js';

/** The short form of `npm run attack`: outcomes and counts, no times. */
const SECONDS = 1;
/** Its machine may be slow, and busy: what counts is that searches are answered. */
const TIMEOUT_MS = 5_000;

describe('under attack', () => {
  let target: Target;
  beforeAll(async () => {
    target = await Target.start(TIMEOUT_MS);
  }, 240_000);
  afterAll(() => target.close());

  it.each(ATTACKS)(
    '$name: the bars hold, and no search of another shop fails',
    async (attack) => {
      const [findings, quiet] = await Promise.all([
        attack.run(target, SECONDS),
        target.searchQuietly(SECONDS),
      ]);
      // What is a matter of time is left to `npm run attack`.
      const outcomes = findings.filter(({ bar }) => !bar.includes('second'));
      expect(outcomes.filter(({ held }) => !held)).toEqual([]);
      expect({ failed: quiet.failed, refused: quiet.refused }).toEqual({ failed: 0, refused: 0 });
    },
    120_000,
  );

  it(`${flippedBytes.name}: ready, or ended with one line`, async () => {
    const findings = await flippedBytes.run(target, SECONDS);
    expect(findings.filter(({ held }) => !held)).toEqual([]);
  }, 300_000);
});
