import type { Config } from '../../config/settings.js';

/** What `index` is told. */
export type IndexConfig = Pick<
  Config,
  | ('url' | 'tenant' | 'apiKey' | 'format' | 'map' | 'rejects')
  | ('resume' | 'wait' | 'waitTimeoutMs' | 'batchRows' | 'concurrency')
>;
