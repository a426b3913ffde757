import { INDEXES, type Collections } from './collections.js';

type Name = keyof Collections;

/** Creates what is missing. Several may do so at once. */
export async function createIndexes(collections: Collections): Promise<void> {
  for (const [name, indexes] of Object.entries(INDEXES) as [Name, (typeof INDEXES)[Name]][]) {
    if (indexes.length > 0) await collections[name].createIndexes([...indexes]);
  }
}

/** Indexes that queries need and that are not there, as `collection.index`. */
export async function missingIndexes(collections: Collections): Promise<string[]> {
  const missing: string[] = [];
  for (const [name, indexes] of Object.entries(INDEXES) as [Name, (typeof INDEXES)[Name]][]) {
    if (indexes.length === 0) continue;
    const found = await collections[name].indexes();
    const names = new Set(found.map((index) => index.name));
    for (const index of indexes) if (!names.has(index.name)) missing.push(`${name}.${index.name}`);
  }
  return missing;
}
