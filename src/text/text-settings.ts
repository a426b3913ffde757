/** A field whose words are searched; `attributes` stands for all of them. */
export interface SearchableField {
  field: string;
  weight: number;
}

/** How plurals are folded. */
export type Language = 'en' | 'none';

/** How a tenant's products become words. */
export interface TextSettings {
  searchable: readonly SearchableField[];
  /** Fields whose value, typed as a query, finds its product first. */
  identifiers: readonly string[];
  /** Instead of the language's own; dropped from a query in which any other word is left. */
  stopWords: readonly string[];
  language: Language;
  /** Grows with each change; terms of two generations are never compared. */
  generation: number;
}
