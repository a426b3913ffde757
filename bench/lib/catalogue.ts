import { createReadStream, existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { REPOSITORY, sharedFile } from './paths.js';

/** A catalogue as text: products to index by the model of the server. */
export interface Catalogue {
  name: string;
  products: CatalogueProduct[];
}

interface CatalogueProduct {
  id: string;
  title: string;
  category: string;
  /** The whole product as a line of NDJSON, as it is sent. */
  line: string;
}

/** `file`, or the shared catalogue of real products, or the bundled demo shop. */
export async function loadCatalogue(file = ''): Promise<Catalogue> {
  const candidates = [file, sharedFile('icecat-19k.ndjson.gz') ?? '', demoFile()];
  const path = file === '' ? candidates.find((candidate) => existsSync(candidate)) : file;
  if (path === undefined)
    throw new Error('no catalogue: build first (npm run build) or --catalogue');
  const products: CatalogueProduct[] = [];
  for await (const line of lines(path)) {
    if (line.trim() === '') continue;
    const { id, title, category } = JSON.parse(line) as CatalogueProduct;
    products.push({ id, title, category, line });
  }
  return { name: basename(path), products };
}

/** The lines of a text file, gunzipped when its name ends in .gz. */
export function lines(path: string): AsyncIterable<string> {
  const raw = createReadStream(path);
  return createInterface({ input: path.endsWith('.gz') ? raw.pipe(createGunzip()) : raw });
}

function demoFile(): string {
  return join(REPOSITORY, 'dist', 'demo', 'catalogue.ndjson.gz');
}
