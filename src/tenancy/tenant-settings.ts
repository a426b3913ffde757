import type { JsonObject } from '../core/product.js';
import { DEFAULT_TEXT_SETTINGS } from '../text/default-settings.js';
import { ownStopWords } from '../text/stop-words.js';
import { storedTerms, switchedTerms, tenantTerms, wantedTerms } from '../text/term-settings.js';
import type { Language, SearchableField, TextSettings } from '../text/text-settings.js';

/** Names of fields, or all that there are. */
type FieldChoice = 'all' | readonly string[];

/** A tenant's settings as `GET /settings` answers them, and `PUT /settings` takes them. */
export interface SettingsBody {
  searchable: readonly SearchableField[];
  identifiers: readonly string[];
  /** Empty: the language's own. */
  stop_words: readonly string[];
  language: Language;
  facets: FieldChoice;
  sortable: FieldChoice;
  understand: boolean;
  /** When products go a tier down, see `tierConditions`; absent: never. */
  tiers?: TiersBody;
}

/** Null: nothing ever goes there. */
interface TiersBody {
  warm?: TierBody | null;
  cold?: TierBody | null;
}

interface TierBody {
  updated_days?: number;
  found_days?: number;
  filter?: object;
}

/** Settings as a search goes by them. */
export interface TenantSettings {
  /** The terms that serve now, with the stop words as they are asked for. */
  text: TextSettings;
  facets: FieldChoice;
  sortable: FieldChoice;
  /** Price words, units and negation become filters, unless a search says otherwise. */
  understand: boolean;
  /** Undefined until it was calibrated on the tenant's catalogue. */
  cutoff: CalibratedCutoff | undefined;
}

/** From which cosine on a product that shares no word with a query may be meant by it. */
export interface CalibratedCutoff extends JsonObject {
  cosine: number;
  /** Fingerprint of the model whose cosines these are. */
  model: string;
  /** Of the catalogue, when it was calibrated. */
  products: number;
}

const DEFAULTS: SettingsBody = {
  searchable: DEFAULT_TEXT_SETTINGS.searchable,
  identifiers: DEFAULT_TEXT_SETTINGS.identifiers,
  stop_words: [],
  language: DEFAULT_TEXT_SETTINGS.language,
  facets: 'all',
  sortable: 'all',
  understand: true,
};

/** The members of a tenant's record that hold its settings. */
export interface SettingsRecord {
  /** What was asked for; members that are absent have their defaults. */
  settings: JsonObject;
  /** How its words are made, see `tenantTerms`; absent until that was changed. */
  terms?: JsonObject;
  cutoff?: CalibratedCutoff;
}

/** Settings as they were asked for, which may not serve yet. */
export function askedSettings(record: SettingsRecord | undefined): SettingsBody {
  return { ...DEFAULTS, ...(record?.settings as Partial<SettingsBody> | undefined) };
}

const parsed = new WeakMap<SettingsRecord, TenantSettings>();
const WITHOUT_RECORD: SettingsRecord = { settings: {} };

/** Settings as they serve now. The same object as long as the record is the same. */
export function servingSettings(record: SettingsRecord = WITHOUT_RECORD): TenantSettings {
  let settings = parsed.get(record);
  if (settings === undefined) {
    const { stop_words: own, facets, sortable, understand } = askedSettings(record);
    const { serving } = tenantTerms(recordValue(record));
    const stopWords = own.length > 0 ? own : ownStopWords(serving.language);
    const { cutoff } = record;
    settings = { text: { ...serving, stopWords }, facets, sortable, understand, cutoff };
    parsed.set(record, settings);
  }
  return settings;
}

/** The generation that is to serve, but does not yet; undefined where there is none. */
export function comingGeneration(record: SettingsRecord): number | undefined {
  return tenantTerms(recordValue(record)).next?.generation;
}

/** The record with other settings: a new generation of terms where they decide about those. */
export function withSettings<R extends SettingsRecord>(record: R, asked: Partial<SettingsBody>): R {
  const settings = { ...asked } as unknown as JsonObject;
  const terms = tenantTerms(recordValue(record));
  const wanted = wantedTerms(terms, askedSettings({ settings }));
  if (wanted === terms) return { ...record, settings };
  return { ...record, settings, terms: storedTerms(wanted) };
}

/** The record with that generation serving; undefined where it is not the one that comes next. */
export function withServing<R extends SettingsRecord>(
  record: R,
  generation: number,
): R | undefined {
  const switched = switchedTerms(tenantTerms(recordValue(record)), generation);
  return switched && { ...record, terms: storedTerms(switched) };
}

function recordValue(record: SettingsRecord): JsonObject {
  return record as unknown as JsonObject;
}
