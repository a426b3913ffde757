import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DIR = fileURLToPath(new URL('../../docs/runbooks/', import.meta.url));

/** All pages, without their ending. */
export const PAGES: readonly string[] = readdirSync(DIR).map((name) => name.replace(/\.md$/, ''));

/** The commands of a page, in order: the lines of its blocks of shell, without comments. */
export function commandsOf(page: string): string[] {
  const text = readFileSync(`${DIR}${page}.md`, 'utf8');
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
  return blocks
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/\s+#\s.*$/, '').trim())
    .filter((line) => line !== '');
}
