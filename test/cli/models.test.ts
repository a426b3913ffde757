import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEncoder } from '../../src/embedding/open-encoder.js';
import { productText } from '../../src/embedding/product-text.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import { MAIN, type Ended } from '../e2e/command.js';
import { tinyModel, WORKER_FILE } from '../embedding/harness.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-models-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

/** `omnisearch models …`, run in the test's folder. */
async function models(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, 'models', ...args], {
    cwd: dir,
    env: { ...process.env, ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

test('list names folders as --model takes them, wherever it runs', async () => {
  const { code, stdout } = await models(['list']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^models\/starter +fp32$/m);
  expect(stdout).not.toContain('..');
});

test.each([[[]], [['pull']], [['check']], [['pull', 'x', 'fp16']], [['nonsense']]])(
  'wrong usage ends with 2: %j',
  async (args) => {
    const { code, stderr } = await models(args);
    expect(code).toBe(2);
    expect(stderr).toContain('omnisearch models');
  },
);

describe('pull', () => {
  let hub: Server;
  beforeEach(async () => {
    hub = createServer((request, response) => {
      const body = Buffer.from(`content of ${request.url ?? ''}`);
      const etag = createHash('sha256').update(body).digest('hex');
      response.writeHead(200, { etag: `"${etag}"`, 'content-length': body.length });
      response.end(request.method === 'HEAD' ? undefined : body);
    }).listen(0, '127.0.0.1');
    await once(hub, 'listening');
  });
  afterEach(async () => {
    hub.closeAllConnections();
    hub.close();
    await once(hub, 'close');
  });

  test('fetches a known model into models/NAME, int8 when asked for', async () => {
    const { port } = hub.address() as AddressInfo;
    const env = { HF_ENDPOINT: `http://127.0.0.1:${port}` };
    const { code, stdout } = await models(['pull', 'clip-vit-base-patch32', 'int8'], env);
    expect(code).toBe(0);
    expect(stdout).toContain('models/clip-vit-base-patch32 is complete and verified');
    for (const file of [
      'tokenizer.json',
      'onnx/text_model.onnx',
      'onnx/text_model_quantized.onnx',
    ]) {
      expect(existsSync(join(dir, 'models/clip-vit-base-patch32', file)), file).toBe(true);
    }
  });

  test('ends with 1 and one line when the name or the hub is not there', async () => {
    const unknown = await models(['pull', 'nonsense']);
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('MiniLM') as string });
    const away = await models(['pull', 'all-MiniLM-L6-v2'], { HF_ENDPOINT: 'http://127.0.0.1:1' });
    expect(away).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot be reached') as string,
    });
  });
});

describe('check', () => {
  const { dir: model } = tinyModel('tiny-clip');
  const product = { id: 'a', title: 'wireless mouse', category: 'Mice' };

  /** A data folder with one product, its vector changed by `change`. */
  async function dataFolder(change: (vector: Float32Array) => void): Promise<string> {
    const encoder = await openEncoder({ modelDir: model, threads: 1, workerFile: WORKER_FILE });
    const [text] = await encoder.embedTexts([productText(product)]);
    await encoder.close();
    change(text!);
    const store = await openLmdbStore({ dir: join(dir, 'data', 'store') });
    await store.write('shop', [
      {
        op: 'put',
        id: 'a',
        product,
        feedVersion: undefined,
        contentHash: 'c',
        embedHash: 'e',
        model: encoder.model.fingerprint,
        vectors: { text: text! },
      },
    ]);
    await store.close();
    return join(dir, 'data');
  }

  test('compares with the vectors that are stored', async () => {
    const { code, stdout } = await models(['check', model, await dataFolder(() => undefined)]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^dimensions +16$/m);
    expect(stdout).toMatch(/^stored +1 texts, differ by /m);
    expect(stdout).toMatch(/^int8 drift +cosine 0\.9/m);
  });

  test('fails when they are not what the model makes', async () => {
    const data = await dataFolder((vector) => vector.reverse());
    const { code, stderr } = await models(['check', model, data]);
    expect(code).toBe(1);
    expect(stderr).toContain('that are stored');
  });

  test('fails when nothing is stored of this model', async () => {
    const data = await dataFolder(() => undefined);
    const { code, stderr } = await models(['check', tinyModel('tiny-bert').dir, data]);
    expect(code).toBe(1);
    expect(stderr).toContain('no product');
  });
});
