import { expect, test } from 'vitest';
import { warmUp } from '../../src/shard/node/warm-up.js';

test('what a shard warms up with finds something, and ends', async () => {
  expect(await warmUp()).toBeGreaterThan(0);
});
