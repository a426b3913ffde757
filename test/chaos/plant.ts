import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../scripts/bundle.js';

/** A mistake in the code that the chaos test is to find. */
interface Plant {
  file: string;
  find: string;
  replace: string;
}

export const PLANTS = {
  /** What the store no longer holds is returned all the same. */
  join: {
    file: 'search/join-hits.ts',
    find: 'document && this.join(partial, document)',
    replace: "document ? this.join(partial, document) : { json: '{}' }",
  },
  /** A partition that was cut answers for what it was before. */
  epoch: {
    file: 'shard/node/partition-choice.ts',
    find: 'held.epoch === epoch &&',
    replace: '',
  },
  /** An answer that lacks a partition counts as a whole one. */
  partial: {
    file: 'search/fan-out.ts',
    find: 'if (refused.length === 0) {',
    replace: 'if (refused.length >= 0) {',
  },
} satisfies Record<string, Plant>;

export type PlantName = keyof typeof PLANTS;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The package built with that mistake; returns its `main.js`, and what removes it. */
export async function planted(name: PlantName): Promise<{ main: string; remove: () => void }> {
  const { file, find, replace }: Plant = PLANTS[name];
  // Below the modules that it needs.
  const dir = join(ROOT, 'node_modules', '.cache', 'planted', `${name}-${process.pid}`);
  mkdirSync(dir, { recursive: true });
  cpSync(join(ROOT, 'src'), join(dir, 'src'), { recursive: true });
  for (const part of ['web', 'demo']) {
    cpSync(join(ROOT, 'dist', part), join(dir, 'dist', part), { recursive: true });
  }
  cpSync(join(ROOT, 'package.json'), join(dir, 'package.json'));
  symlinkSync(join(ROOT, 'models'), join(dir, 'models'));
  const path = join(dir, 'src', file);
  const code = readFileSync(path, 'utf8');
  if (!code.includes(find)) throw new Error(`${file} has no ${find}: plant it anew`);
  writeFileSync(path, code.replace(find, replace));
  await bundle(join(dir, 'src'), join(dir, 'dist'));
  return {
    main: join(dir, 'dist', 'cli', 'main.js'),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
