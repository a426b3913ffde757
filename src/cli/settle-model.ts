import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { ModelIdentity } from '../core/product.js';
import type { IngestDeps } from '../ingest/ports.js';
import { reembed } from '../ingest/reembed.js';
import type { Store } from '../store/store.js';
import { patiently } from './open-store.js';
import { StartError } from './run-role.js';

/** Who only reads takes the store as it is, waiting until somebody who writes has settled its model. */
export function requireModel(store: Store, model: ModelIdentity): Promise<void> {
  return patiently(() => requireModelOnce(store, model));
}

async function requireModelOnce(store: Store, model: ModelIdentity): Promise<void> {
  const stored = await store.model();
  if (stored?.fingerprint === model.fingerprint) return;
  if (stored !== undefined) throw otherModel(stored, model, 'a query node that writes can');
  const message = 'the store names no model yet: start a query node that writes first';
  throw new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS });
}

/** Vectors of two models are never compared: the store's must be this node's. */
export async function settleModel(
  deps: IngestDeps,
  allowed: boolean,
  logger: Logger,
): Promise<void> {
  const { store, model } = deps;
  const stored = await store.model();
  if (stored?.fingerprint === model.fingerprint) return;
  if (stored === undefined || (await isEmpty(store))) {
    await store.setModel(model);
    return;
  }
  if (!allowed) throw otherModel(stored, model, 'start with --reembed to');
  if (deps.encoder === undefined) {
    throw new StartError(
      '--reembed needs a model: with --model none nothing can be embedded again',
    );
  }
  const embedded = await reembed(deps, (done) => logger.info({ done }, 'embedding again'));
  logger.info({ embedded }, 'all products were embedded again');
}

function otherModel(stored: ModelIdentity, own: ModelIdentity, remedy: string): StartError {
  const named = ({ name, fingerprint }: ModelIdentity) => `${name}@${fingerprint.slice(0, 8)}`;
  return new StartError(
    `the data was embedded by ${named(stored)}, not by ${named(own)}: ${remedy} embed it again`,
  );
}

async function isEmpty(store: Store): Promise<boolean> {
  return (await store.productCount()) === 0;
}
