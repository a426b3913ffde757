import type { Language } from './text-settings.js';

/** Words that say nothing of what is looked for. `no`, `not` and `without` do. */
const ENGLISH =
  'a an and any are as at be by can do for from has have i in is it its me my of on or our some that the ' +
  'their them these this those to was we what which will with you your';

/** The stop words of a language, where a tenant has none of its own. */
export function ownStopWords(language: Language): readonly string[] {
  return language === 'en' ? ENGLISH.split(' ') : [];
}
