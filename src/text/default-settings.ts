import { ownStopWords } from './stop-words.js';
import type { TextSettings } from './text-settings.js';

/** How products become words until a tenant says otherwise. */
export const DEFAULT_TEXT_SETTINGS: TextSettings = {
  searchable: [
    { field: 'title', weight: 3 },
    { field: 'brand', weight: 1 },
    { field: 'category', weight: 1 },
    { field: 'description', weight: 1 },
    { field: 'attributes', weight: 0.5 },
  ],
  identifiers: ['sku', 'gtin', 'mpn', 'ean', 'upc', 'isbn', 'asin', 'part_number', 'model_number'],
  stopWords: ownStopWords('en'),
  language: 'en',
  generation: 0,
};
