import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file of this package, given from its root. */
export function packageUrl(path: string): URL {
  return new URL(`../../${path}`, import.meta.url);
}

/** The absolute path of that. */
export function packageFile(path: string): string {
  return fileURLToPath(packageUrl(path));
}

/** The version of this package. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
