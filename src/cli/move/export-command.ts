import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../../config/settings.js';
import { Deployment } from './deployment.js';

type ExportConfig = Pick<Config, 'url' | 'adminKey' | 'out'>;

/**
 * `omnisearch tenants export NAME`: a line a product, with the vector as base64, in the form that `POST /tenants/{id}/import`
 * takes; keys stay behind. Resolves with the exit code.
 */
export async function exportTenant(
  { url, adminKey, out }: ExportConfig,
  tenant: string,
): Promise<number> {
  const pages = pagesOf(new Deployment(url, adminKey), tenant);
  if (out !== undefined) await pipeline(pages, createWriteStream(out, { mode: 0o600 }));
  else await pipeline(pages, process.stdout, { end: false });
  return 0;
}

async function* pagesOf(from: Deployment, tenant: string): AsyncGenerator<string> {
  let after: string | undefined;
  for (let atEnd = false; !atEnd;) {
    const page = await from.export(tenant, after, { shop: after === undefined, keys: false });
    yield page.text;
    [after, atEnd] = [page.position, page.atEnd];
  }
}
