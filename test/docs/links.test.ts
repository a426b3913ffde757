import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS = ['src', 'test', 'bench', 'scripts', 'docs', 'models', '.ci'];

interface RoomRule {
  name: string;
  comment?: string;
}

/** Documents by their path in the repository. */
const documents = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...FOLDERS.filter((folder) => folder !== 'test').flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !/[\\/]?\.(cache|venv)[\\/]/.test(name))
      .map((name) => join(folder, name)),
  ),
  'shards/README.md',
];

const sources = ['src', 'test', 'bench', 'scripts'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }),
);
const sourceNames = new Set(sources.map((path) => basename(path)));

const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const withoutFences = (text: string): string => text.replace(/```[\s\S]*?```/g, '');

test.each(documents)('%s links only to what exists', (name) => {
  const links = [...withoutFences(read(name)).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)];
  for (const [, target = ''] of links) {
    if (/^[a-z]+:/.test(target)) continue;
    expect([target, existsSync(join(ROOT, dirname(name), target))]).toEqual([target, true]);
  }
});

test.each(documents)('%s names only source files that exist', (name) => {
  const named = [...withoutFences(read(name)).matchAll(/`([\w./-]+\.ts)`/g)];
  for (const [, path = ''] of named) {
    // A short name stands for the file of that name, wherever it is.
    const found = path.includes('/')
      ? existsSync(join(ROOT, path)) || sources.some((source) => source.endsWith(path))
      : sourceNames.has(path);
    expect([path, found]).toEqual([path, true]);
  }
});

test('ARCHITECTURE.md says of each room what the import rules say', () => {
  const rules = createRequire(import.meta.url)(join(ROOT, '.ci/dependency-cruiser.cjs')) as {
    forbidden: RoomRule[];
  };
  const text = read('ARCHITECTURE.md');
  const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'cli')
    .map((entry) => entry.name);
  for (const room of rooms) {
    const rule = rules.forbidden.find(({ name }) => name === `room-${room}`);
    const allowed = rule?.comment?.replace(/^.* may import /, '') ?? 'no rule';
    const section = text.split(`\n### ${room}\n`)[1]?.split(/\n##+ /)[0] ?? '';
    const said = /Imports ([\w, \n-]+)/.exec(section)?.[1]?.replaceAll(/\s+/g, ' ');
    expect([room, said]).toEqual([room, allowed]);
  }
});

test('decisions are numbered without a gap, each with its four parts', () => {
  const names = readdirSync(join(ROOT, 'docs/decisions')).sort();
  expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, i) => i + 1));
  for (const name of names) {
    const headings =
      read(`docs/decisions/${name}`)
        .match(/^## .*$/gm)
        ?.join(' ') ?? '';
    expect([name, headings]).toEqual([
      name,
      expect.stringMatching(/Context.*Choice.*measured.*Consequence/),
    ]);
  }
});
