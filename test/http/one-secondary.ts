import type { StoreReplicas } from '../../src/store/store-replicas.js';

/** As a store beyond this machine has them; nothing is read there. */
export function oneSecondary(): StoreReplicas {
  const lags = [{ server: 'm2:27017', lagMs: 12 }];
  let maxLagMs: number | undefined;
  return {
    get maxLagMs() {
      return maxLagMs;
    },
    lags,
    follow: (bound) => void (maxLagMs = bound),
  };
}
