/**
 * Writes the demo shop: `catalogue.ndjson.gz` and its pictures. Run by the build as
 * `tsx scripts/demo-catalogue/generate.ts --out dist/demo`. The same bytes on every run.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { DEPARTMENTS } from './departments.js';
import { svgOf } from './pictures/svg.js';
import { demoShop, pictureFile } from './products.js';

function main(): void {
  const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist/demo' } } });
  mkdirSync(values.out, { recursive: true });
  const { products, pictures } = demoShop(DEPARTMENTS);
  const ndjson = products.map((product) => `${JSON.stringify(product)}\n`).join('');
  writeFileSync(path.join(values.out, 'catalogue.ndjson.gz'), gzipSync(ndjson, { level: 9 }));
  const folder = path.join(values.out, 'pictures');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const picture of pictures) {
    writeFileSync(path.join(folder, pictureFile(picture)), svgOf(picture));
  }
  process.stdout.write(
    `demo catalogue: ${products.length} products, ${pictures.length} pictures in ${values.out}\n`,
  );
}

main();
