import { MongoClient, type TagSet } from 'mongodb';

/** Tags of members: `{region: 'eu'}`; one without any stands for all. */
export type ReadTags = readonly TagSet[];

/**
 * What the `readPreferenceTags` of a URL name: the members that joins may read from. None: any. Throws what the driver
 * throws, where it is no URL.
 */
export function readTagsOf(url: string): ReadTags {
  // The driver's own reading of it; nothing is connected to.
  return new MongoClient(url).options.readPreference.tags ?? [];
}

/** Whether a member with these tags may be read from. */
export function isNamed(tags: ReadTags, own: Readonly<Record<string, string>>): boolean {
  if (tags.length === 0) return true;
  return tags.some((set) => Object.entries(set).every(([name, value]) => own[name] === value));
}
