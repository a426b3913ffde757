import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, settingFlag, settingName } from '../../src/config/setting.js';
import { loadConfig, type LoadedConfig } from '../../src/config/load.js';
import { allSettings } from '../../src/config/settings.js';
import { VERBS } from '../../src/config/verbs.js';
import type { Verb } from '../../src/config/verbs.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(json: unknown): string {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, typeof json === 'string' ? json : JSON.stringify(json));
  return path;
}

function load(argv: string[], env: Record<string, string> = {}, verb: Verb = 'up'): LoadedConfig {
  return loadConfig({ verb, argv, env });
}

function errorOf(argv: string[], env: Record<string, string> = {}, verb: Verb = 'up'): string {
  try {
    load(argv, env, verb);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error(`accepted: ${argv.join(' ')}`);
}

describe('loadConfig', () => {
  it('has defaults for everything', () => {
    const { config, warnings, positionals } = load([]);
    expect(config).toMatchObject({
      port: 8080,
      host: '127.0.0.1',
      dataDir: 'shards/data',
      storeUrl: 'lmdb:shards/data/store',
      model: 'models/starter',
      embeddingCacheEntries: 10_000,
      demo: false,
      logLevel: 'info',
    });
    expect(config.apiKey).toBeUndefined();
    expect([warnings, positionals]).toEqual([[], []]);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('prefers flag to environment to file to default', () => {
    const path = fileWith({ port: 1001, SHARDS: 3, log_level: 'warn', demo: true });
    const env = { OMNISEARCH_PORT: '1002', OMNISEARCH_SHARDS: '4', OMNISEARCH_CONFIG: path };
    const { config } = load(['--port', '1003', '--no-demo'], env);
    expect(config).toMatchObject({ port: 1003, shards: 4, logLevel: 'warn', demo: false });
  });

  it('puts the store inside the data folder unless told otherwise', () => {
    expect(load(['--data-dir', '/d$&x']).config.storeUrl).toBe('lmdb:/d$&x/store');
    expect(load(['--store-url=lmdb:${DATA_DIR}']).config.storeUrl).toBe('lmdb:${DATA_DIR}');
  });

  it('takes the last of a repeated flag, gathers pairs, keeps words', () => {
    expect(load(['--port=1', '--port', '2']).config.port).toBe(2);
    const argv = ['a.csv', '--map', 'title=name', '--map=price=a,b=c', '-', '--', '--odd.csv'];
    const { config, positionals } = load(argv, {}, 'index');
    expect(config.map).toEqual([
      ['title', 'name'],
      ['price', 'a,b=c'],
    ]);
    expect(positionals).toEqual(['a.csv', '-', '--odd.csv']);
    expect(load(['x'], { OMNISEARCH_MAP: 'a=b,c=d' }, 'index').config.map).toHaveLength(2);
    const file = fileWith({ map: { title: 'name' } });
    expect(load(['x', '--config', file], {}, 'index').config.map).toEqual([['title', 'name']]);
  });

  it.each([
    [['--port', '65536'], '--port must be an integer from 0 to 65535, got "65536"'],
    [['--port', '-1'], '--port must be an integer from 0 to 65535, got "-1"'],
    [['--port', '80a'], '--port must be an integer from 0 to 65535, got "80a"'],
    [['--port', '1e3'], '--port must be an integer from 0 to 65535, got "1e3"'],
    [['--port='], '--port must be an integer from 0 to 65535, got ""'],
    [['--port'], '--port needs a value'],
    [['--port', '--demo'], '--port needs a value'],
    [['--prot', '1'], 'unknown flag --prot: see omnisearch up --help'],
    [['--no-port'], 'unknown flag --no-port: see omnisearch up --help'],
    [['--no-demo=true'], 'unknown flag --no-demo: see omnisearch up --help'],
    [['-p', '1'], 'unknown flag -p: see omnisearch up --help'],
    [['--__proto__', '1'], 'unknown flag --__proto__: see omnisearch up --help'],
    [['--top-k', '1'], 'unknown flag --top-k: see omnisearch up --help'],
    [['--demo=maybe'], '--demo must be true or false, got "maybe"'],
    [['--data-dir', ''], '--data-dir must be a folder, got ""'],
    [['stray'], 'omnisearch up takes no "stray", only --flags'],
    [['--config', '/nowhere/x.json'], /^--config \/nowhere\/x\.json: ENOENT/],
  ])('%j: %s', (argv, message) => {
    expect(errorOf(argv)).toMatch(message);
  });

  it('never shows a secret', () => {
    const message = errorOf(['--store-url', 'mongo://user:hunter2@db']);
    expect(message).toBe('--store-url must be lmdb:DIR, mongodb://… or mongodb+srv://…');
    expect(errorOf(['--api-key', 'hunter 2'])).not.toContain('hunter');
  });

  it('names variables and keys of the file', () => {
    const shards = 'must be an integer from 1 to 64';
    expect(errorOf([], { OMNISEARCH_SHARDS: '0' })).toBe(`OMNISEARCH_SHARDS ${shards}, got "0"`);
    expect(errorOf(['--config', fileWith({ shards: '2' })])).toBe(
      `"shards" in the config file ${shards}, got "2"`,
    );
    expect(errorOf(['--config', fileWith({ demo: 1 })])).toContain('"demo" in the config file');
    expect(errorOf(['--config', fileWith({ sharsd: 2 })])).toContain('unknown key "sharsd"');
    expect(errorOf(['--config', fileWith({ dataDir: 'x' })])).toContain('unknown key "dataDir"');
    expect(errorOf(['--config', fileWith({ port: 1, PORT: 2 })])).toContain('"PORT" is set twice');
    expect(errorOf(['--config', fileWith({ config: 'x' })])).toContain('unknown key "config"');
    expect(errorOf(['--config', fileWith('{"__proto__": 1}')])).toContain('unknown key');
    for (const bad of ['', '{', '[]', 'null', '7']) {
      expect(errorOf(['--config', fileWith(bad)])).toMatch(/^--config \S+: [^\n]+$/);
    }
  });

  it('allows keys of other verbs in the file, without looking at their values', () => {
    const path = fileWith({ top_k: 5, port: 1 });
    expect(load(['--config', path]).config).toMatchObject({ topK: 10, port: 1 });
  });

  it('warns of unknown variables, ignores empty ones and those of Kubernetes', () => {
    const { config, warnings } = load([], {
      OMNISEARCH_PORT: 'tcp://10.0.0.7:8080',
      OMNISEARCH_SERVICE_HOST: '10.0.0.7',
      OMNISEARCH_API_KEY: '',
      OMNISEARCH_TOP_K: 'for another verb',
      PORT: '7',
    });
    expect(config).toMatchObject({ port: 8080, apiKey: undefined });
    expect(warnings.map((line) => line.split(' ')[0])).toEqual([
      'OMNISEARCH_PORT',
      'OMNISEARCH_SERVICE_HOST',
    ]);
  });

  it('warns when dimensions are given for a model that has its own', () => {
    expect(load(['--dimensions', '8']).warnings).toHaveLength(1);
    const { config, warnings } = load(['--dimensions', '8', '--model', 'none']);
    expect([config.dimensions, warnings]).toEqual([8, []]);
  });

  it('wants words where a verb needs them', () => {
    expect(errorOf([], {}, 'index')).toBe('omnisearch index needs FILE…');
    const { config } = loadConfig({ verb: 'sync', argv: ['--watch', 'x'], env: {} });
    expect(config.watch).toBe('x');
    expect(load(['wireless', 'mouse'], {}, 'search').positionals).toEqual(['wireless', 'mouse']);
  });

  it('takes any text for any flag with a value or one line that names the flag', () => {
    fc.assert(
      fc.property(fc.constantFrom(...allSettings()), fc.string(), ([key, setting], text) => {
        fc.pre(key !== 'config' && setting.type !== 'pairs');
        const verb = setting.verbs[0] ?? 'up';
        const words = VERBS[verb].usage === '' ? [] : ['x'];
        try {
          const { config } = load([...words, `${settingFlag(key)}=${text}`], {}, verb);
          if ('min' in setting) expect(config[key]).toBe(Number(text));
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          expect(String(error)).toMatch(new RegExp(`^ConfigError: ${settingFlag(key)} [^\n]*$`));
        }
      }),
    );
  });

  it('has defaults within their own bounds', () => {
    for (const [key, setting] of allSettings()) {
      if (setting.default === undefined || setting.type === 'pairs') continue;
      const verb = setting.verbs[0] ?? 'up';
      const words = VERBS[verb].usage === '' ? [] : ['x'];
      const env = { [`OMNISEARCH_${settingName(key)}`]: String(setting.default) };
      expect(load(words, env, verb).config[key]).toEqual(setting.default);
    }
  });
});

describe('a share', () => {
  it('is a decimal number within bounds, from a flag or the file', () => {
    expect(load(['--recall-sample', '0']).config.recallSample).toBe(0);
    expect(load(['--recall-sample', '1e-7']).config.recallSample).toBe(1e-7);
    expect(load([], { OMNISEARCH_RECALL_TARGET: '.95' }).config.recallTarget).toBe(0.95);
    expect(load(['--config', fileWith({ recall_sample: 0.5 })]).config.recallSample).toBe(0.5);
    for (const bad of ['1.5', '-0.1', '0,5', '1.', 'x']) {
      expect(errorOf(['--recall-sample', bad])).toMatch(/a number from 0 to 1/);
    }
    expect(errorOf(['--config', fileWith({ recall_sample: '0.5' })])).toMatch(/recall_sample/);
  });
});
