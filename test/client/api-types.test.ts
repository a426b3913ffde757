import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { clientTypes, TYPES_FILE } from '../../scripts/build-client-types.js';

test("the client's types are those of the server's document", async () => {
  // Otherwise: npx tsx scripts/build-client-types.ts
  expect(readFileSync(TYPES_FILE, 'utf8')).toBe(await clientTypes());
});
