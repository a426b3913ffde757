import type { Config } from '../config/settings.js';
import { STORE_FORM } from '../config/store-settings.js';
import { OmniError } from '../core/errors.js';
import { digestTenant } from '../store/catalogue-pages.js';
import { copyStore } from '../jobs/copy-store.js';
import type { Store } from '../store/store.js';
import { openReader, openStore } from './open-store.js';
import { complain, print, WRONG_USAGE } from './terminal.js';

const FAILED = 1;
const PROGRESS_EVERY_MS = 2_000;

/**
 * `omnisearch store …`. Returns the exit code: 0; 1 when it failed or what was compared differs; 2
 * for wrong usage.
 *
 *   copy --from URL --to URL   everything but remembered deletes; run again, it goes on
 *   check [--repair]           makes missing indexes, looks for damage, shows counts and digests; with
 *                              --repair counts anew
 */
export async function runStore(config: Config, words: readonly string[]): Promise<number> {
  try {
    if (words.length === 1 && words[0] === 'copy') return await copy(config);
    if (words.length === 1 && words[0] === 'check') return await check(config);
  } catch (error) {
    if (!(error instanceof OmniError)) throw error;
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return complain(FAILED, error.message + cause);
  }
  return complain(
    WRONG_USAGE,
    'usage: omnisearch store copy --from URL --to URL | check [--repair]',
  );
}

async function copy(config: Config): Promise<number> {
  const { from, to } = config;
  if (from === undefined || to === undefined || from === to) {
    return complain(WRONG_USAGE, 'store copy needs --from URL and another --to URL');
  }
  if (!STORE_FORM.pattern.test(to)) {
    return complain(WRONG_USAGE, `--to must be ${STORE_FORM.expected}`);
  }
  const source = await openReader({ ...config, storeUrl: from });
  let target: Store | undefined;
  try {
    target = await openStore({ ...config, storeUrl: to });
    let tellAtMs = performance.now() + PROGRESS_EVERY_MS;
    const copied = await copyStore(source, target, (tenant, products) => {
      if (performance.now() < tellAtMs) return;
      tellAtMs = performance.now() + PROGRESS_EVERY_MS;
      print(`${tenant}: ${products} products`);
    });
    for (const { tenant, products, written, digest, equal } of copied) {
      const verdict = equal ? 'equal' : 'DIFFERS';
      print(`${tenant}: ${products} products, ${written} written, digest ${digest} ${verdict}`);
    }
    if (copied.every(({ equal }) => equal)) return 0;
    return complain(FAILED, 'the copy differs: is anyone writing? Run it again');
  } finally {
    await target?.close();
    await source.close();
  }
}

async function check(config: Config): Promise<number> {
  // Opening it for writing makes what is missing.
  const store = await openStore(config);
  try {
    const problem = await store.checked?.();
    if (problem !== undefined) return complain(FAILED, problem);
    let areEqual = true;
    for (const tenant of await store.tenants()) {
      if (config.repair) await recount(store, tenant);
      const counts = await store.categories(tenant);
      const counted = counts.reduce((sum, { products }) => sum + products, 0);
      const { products, hex } = await digestTenant(store, tenant);
      print(`${tenant}: ${products} products, ${counted} counted, digest ${hex}`);
      areEqual &&= products === counted;
    }
    const damaged = store.damaged();
    for (const { tenant, id, what } of damaged) print(`${tenant}: ${what} of ${id} is damaged`);
    if (damaged.length > 0) return complain(FAILED, 'damaged products: send them again, or delete');
    if (areEqual) return 0;
    return complain(FAILED, 'counts are wrong: is anyone writing? Put them right with --repair');
  } finally {
    await store.close();
  }
}

async function recount(store: Store, tenant: string): Promise<void> {
  for (const { kind, name, stored, counted } of await store.recount(tenant)) {
    print(`${tenant}: ${kind} ${name} was ${stored}, is ${counted}: put right`);
  }
}
