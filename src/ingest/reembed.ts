import { OmniError } from '../core/errors.js';
import type { Product } from '../core/product.js';
import { productInputs } from '../embedding/product-inputs.js';
import { readFull, type FullRow } from '../store/catalogue-pages.js';
import type { PutProduct } from '../store/store.js';
import { textEmbedHash } from './content-hash.js';
import type { IngestDeps } from './ports.js';

const PAGE_ENTRIES = 256;
const PAGE_BYTES = 8 * 1024 * 1024;

/**
 * Embeds anew every product whose vectors are of another model, then names the current model as the
 * store's. May be stopped at any point and run again: what is done is skipped. A vector that was
 * supplied for the old model is replaced by one of the product's text. Rejects `unavailable`
 * without an encoder. Returns how many products were embedded; `onProgress` hears it on the way.
 */
export async function reembed(
  deps: IngestDeps,
  onProgress: (embedded: number) => void = () => undefined,
): Promise<number> {
  let embedded = 0;
  for (const tenant of await deps.store.tenants()) {
    let position: Uint8Array | undefined;
    for (;;) {
      // What is embedded moves to the end of the feed and is met again there, and then skipped.
      const page = await deps.store.readFeed(tenant, position, PAGE_ENTRIES, PAGE_BYTES);
      const ids = page.entries.filter((entry) => !entry.deleted).map((entry) => entry.id);
      embedded += await reembedPage(deps, tenant, ids);
      onProgress(embedded);
      position = page.expired ? undefined : page.position;
      if (page.atEnd && !page.expired) break;
    }
  }
  await deps.store.setModel(deps.model);
  return embedded;
}

async function reembedPage(
  deps: IngestDeps,
  tenant: string,
  ids: readonly string[],
): Promise<number> {
  const full = await readFull(deps.store, tenant, ids);
  const old = full.filter(({ row }) => row.model !== deps.model.fingerprint);
  if (old.length === 0) return 0;
  const writes = await toWrites(deps, old);
  const { statuses } = await deps.store.write(tenant, writes);
  deps.fleet.nudge(tenant);
  return statuses.filter((status) => status === 'applied').length;
}

async function toWrites(deps: IngestDeps, old: readonly FullRow[]): Promise<PutProduct[]> {
  const made = await embedAnew(
    deps,
    old.map(({ row }) => row.product),
  );
  return old.flatMap(({ row, head }, i): PutProduct[] => {
    const found = made[i];
    if (found === undefined) return [];
    const write: PutProduct = {
      op: 'put',
      id: row.product.id,
      product: row.product,
      feedVersion: head.feedVersion,
      contentHash: head.contentHash,
      embedHash: found.embedHash,
      model: deps.model.fingerprint,
      vectors: { text: found.vector },
      // Another writer came first: its entry is further on in the feed, and looked at there.
      ifVersion: row.version,
    };
    return [write];
  });
}

/** Vectors of the products' texts by the current model, in order. Rejects `unavailable` without an encoder. */
export async function embedAnew(
  { encoder, model }: Pick<IngestDeps, 'encoder' | 'model'>,
  products: readonly Product[],
): Promise<{ embedHash: string; vector: Float32Array }[]> {
  if (encoder === undefined) {
    throw new OmniError('unavailable', 'nothing can be embedded anew: there is no encoder');
  }
  const inputs = products.map(productInputs);
  const vectors = await encoder.embedProducts(inputs);
  return inputs.flatMap((input, i) => {
    const vector = vectors[i];
    if (vector === undefined) return [];
    return [{ embedHash: textEmbedHash(model.fingerprint, input), vector }];
  });
}
