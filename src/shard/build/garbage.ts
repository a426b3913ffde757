import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let gc: (() => void) | undefined;

/**
 * Collects garbage now, some 10 to 20 ms: to be called at rest. Index libraries hold memory and mapped
 * files that the collector does not know of, so by itself it would come to their replaced graphs late
 * or never.
 */
export function collectGarbage(): void {
  if (gc === undefined) {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc') as () => void;
  }
  gc();
}
