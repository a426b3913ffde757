import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MESSAGES = 'src/protocol/messages.ts';

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
}

/** The commit before the protocol's version was last raised; undefined where the history does not go back so far. */
export function beforeLastProtocol(): string | undefined {
  try {
    const raised = git('log', '-1', '--format=%H', '-GPROTOCOL_VERSION = ', '--', MESSAGES);
    return git('rev-parse', '--verify', '--quiet', `${raised}^`);
  } catch {
    return undefined;
  }
}

/** The package as it was at a commit, built; returns its `main.js`. The pages are those of today. */
export function builtAt(commit: string): { main: string; remove: () => void } {
  // Below the modules that it needs.
  const dir = join(ROOT, 'node_modules', '.cache', 'former', `${commit}-${process.pid}`);
  mkdirSync(dir, { recursive: true });
  const archive = join(dir, 'former.tar');
  git('archive', '--output', archive, commit, 'src', 'package.json');
  execFileSync('tar', ['-x', '-f', archive, '-C', dir]);
  symlinkSync(join(ROOT, 'models'), join(dir, 'models'));
  for (const part of ['web', 'demo']) {
    cpSync(join(ROOT, 'dist', part), join(dir, 'dist', part), { recursive: true });
  }
  const files = readdirSync(join(dir, 'src'), { recursive: true, encoding: 'utf8' });
  for (const file of files) if (/(?<!\.d)\.ts$/.test(file)) transpile(dir, file);
  return {
    main: join(dir, 'dist', 'cli', 'main.js'),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** The types were checked at that commit. */
function transpile(dir: string, file: string): void {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  const source = readFileSync(join(dir, 'src', file), 'utf8');
  const { outputText } = ts.transpileModule(source, { compilerOptions });
  const path = join(dir, 'dist', file.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, outputText);
}
