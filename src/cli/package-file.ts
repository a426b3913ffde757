import { fileURLToPath } from 'node:url';

/** The absolute path of a file of this package, given from its root. */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
