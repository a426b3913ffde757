/**
 * The pages' files as they are served: modules, styles and drawings below `assets/` with a hash of their
 * content in their names, so that a browser may keep them for good, and the pages that name them.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname, join, posix } from 'node:path';
import ts from 'typescript';

/** A module's import or re-export of a file beside it, at the beginning of a line. */
const IMPORT = /^(import\b[^'"]*|export\b[^'"]*\bfrom\s*|\}\s*from\s*)(['"])(\.[^'"]+)\2/gm;
/** How pages, styles and modules name a file of the page. */
const ADDRESS = /\/web\/([\w./-]+\.\w+)/g;
const ENTRY = /<script type="module" src="\/web\/([\w./-]+)"><\/script>/;

interface Module {
  /** Where it is served. */
  url: string;
  /** Paths of the modules that it imports. */
  imports: readonly string[];
}

/** Empties `outDir` and writes the pages of `src/web` with the client that they use. Throws for a cycle. */
export function buildWeb(outDir: string): void {
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(join(outDir, 'assets'), { recursive: true });
  const assets = new Assets(outDir, new Map([...pageFiles(), ...clientFiles()]));
  for (const page of readdirSync('src/web').filter((name) => name.endsWith('.html'))) {
    const html = readFileSync(join('src/web', page), 'utf8');
    const entry = ENTRY.exec(html)?.[1];
    const preloads = entry === undefined ? [] : assets.modulesOf(`web/${entry}`);
    const links = preloads
      .map((url) => `    <link rel="modulepreload" href="${url}" />\n`)
      .join('');
    const named = assets.withAddresses(html).replace('  </head>', `${links}  </head>`);
    writeFileSync(join(outDir, page), named);
  }
}

class Assets {
  private readonly written = new Map<string, Module>();
  private readonly underWay = new Set<string>();

  constructor(
    private readonly outDir: string,
    /** By path, `web/…` or `client/…`. */
    private readonly files: ReadonlyMap<string, string>,
  ) {}

  /** Addresses of a module and all that it needs, itself last. */
  modulesOf(path: string, seen = new Set<string>()): string[] {
    if (seen.has(path)) return [];
    seen.add(path);
    const { url, imports } = this.write(path);
    return [...imports.flatMap((imported) => this.modulesOf(imported, seen)), url];
  }

  /** What names files of the page names them as they are served. */
  withAddresses(text: string): string {
    return text.replace(ADDRESS, (address, name: string) =>
      this.files.has(`web/${name}`) ? this.write(`web/${name}`).url : address,
    );
  }

  private write(path: string): Module {
    const known = this.written.get(path);
    if (known !== undefined) return known;
    const text = this.files.get(path);
    if (text === undefined) throw new Error(`no page has the file ${path}`);
    if (this.underWay.has(path)) throw new Error(`${path} imports itself, by way of others`);
    this.underWay.add(path);
    const imports: string[] = [];
    const body = this.withAddresses(text).replace(
      IMPORT,
      (_, before: string, quote: string, to: string) => {
        const imported = posix.join(posix.dirname(path), to);
        imports.push(imported);
        return `${before}${quote}./${basename(this.write(imported).url)}${quote}`;
      },
    );
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 10);
    const extension = extname(path);
    const name = path
      .replace(/^web\//, '')
      .slice(0, -extension.length)
      .replaceAll('/', '-');
    const file = `assets/${name}.${hash}${extension}`;
    writeFileSync(join(this.outDir, file), body);
    const module = { url: `/web/${file}`, imports };
    this.written.set(path, module);
    return module;
  }
}

function* pageFiles(): Generator<[string, string]> {
  for (const name of readdirSync('src/web', { recursive: true, encoding: 'utf8' })) {
    if (!/\.(js|css|svg)$/.test(name)) continue;
    yield [`web/${name}`, readFileSync(join('src/web', name), 'utf8')];
  }
}

function* clientFiles(): Generator<[string, string]> {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  for (const name of readdirSync('src/client')) {
    const text = readFileSync(join('src/client', name), 'utf8');
    const { outputText } = ts.transpileModule(text, { compilerOptions });
    yield [`client/${name.replace(/\.ts$/, '.js')}`, outputText];
  }
}
