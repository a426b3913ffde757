import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HUB_MODELS, hubFileUrl, type HubModel } from '../../src/embedding/model-hub.js';
import { pullModel } from '../../src/embedding/model-pull.js';
import { withTempDir } from './harness.js';

const MODEL: HubModel = {
  name: 'small',
  repo: 'someone/small',
  revision: 'main',
  about: '',
  files: [{ path: 'config.json' }, { path: 'onnx/model.onnx' }],
  int8Files: [{ path: 'onnx/model_quantized.onnx' }],
};
const CONTENT: Record<string, Buffer> = {
  'config.json': Buffer.from('{"model_type": "bert"}'),
  'onnx/model.onnx': Buffer.alloc(300_000, 'weights '),
  'onnx/model_quantized.onnx': Buffer.alloc(80_000, 'small '),
};

/** A hub as the real one answers: large files redirect and carry SHA-256, small ones git's SHA-1. */
class Hub {
  requests: string[] = [];
  corrupt = false;
  readonly #server = createServer((request, response) => this.#answer(request, response));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method, url = '' } = request;
    this.requests.push(`${method!} ${url} ${request.headers.range ?? ''}`.trim());
    const path = url.replace('/someone/small/resolve/main/', '').replace('/cdn/', '');
    const content = CONTENT[path];
    if (content === undefined) return void response.writeHead(404).end();
    const large = path.endsWith('.onnx');
    if (large && !url.startsWith('/cdn/')) {
      const sha256 = createHash('sha256').update(content).digest('hex');
      const headers = {
        location: `/cdn/${path}`,
        'x-linked-etag': `"${sha256}"`,
        'x-linked-size': content.length,
      };
      return void response.writeHead(302, headers).end();
    }
    const git = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from >= content.length) return void response.writeHead(416).end();
    const body = Buffer.from(content.subarray(from));
    if (this.corrupt) body[0]! ^= 1;
    response.writeHead(from > 0 ? 206 : 200, { etag: `"${git}"`, 'content-length': body.length });
    response.end(method === 'HEAD' ? undefined : body);
  }
}

async function withHub(
  work: (hub: Hub, hubUrl: string, dir: string) => Promise<void>,
): Promise<void> {
  const hub = new Hub();
  const hubUrl = await hub.listen();
  try {
    await withTempDir(async (parent) => work(hub, hubUrl, join(parent, 'small')));
  } finally {
    await hub.close();
  }
}

describe('pulling a model', () => {
  it('fetches and verifies its files, and a second time nothing', async () => {
    await withHub(async (hub, hubUrl, dir) => {
      const progress: string[] = [];
      const onProgress = (path: string, bytes: number, total: number | undefined): unknown =>
        bytes === total && progress.push(path);
      await pullModel(MODEL, { dir, hubUrl, int8: false, onProgress });
      expect(progress).toEqual(['config.json', 'onnx/model.onnx']);
      expect(await readFile(join(dir, 'onnx/model.onnx'))).toEqual(CONTENT['onnx/model.onnx']);
      hub.requests = [];
      await pullModel(MODEL, { dir, hubUrl, int8: true });
      const fetched = hub.requests.filter((line) => line.startsWith('GET /cdn/'));
      expect(fetched).toEqual(['GET /cdn/onnx/model_quantized.onnx']);
    });
  });

  it('goes on where a broken download stopped', async () => {
    await withHub(async (hub, hubUrl, dir) => {
      await mkdir(join(dir, 'onnx'), { recursive: true });
      await writeFile(
        join(dir, 'onnx/model.onnx.part'),
        CONTENT['onnx/model.onnx']!.subarray(0, 123_456),
      );
      await pullModel(MODEL, { dir, hubUrl, int8: false });
      expect(hub.requests).toContain('GET /cdn/onnx/model.onnx bytes=123456-');
      expect(await readFile(join(dir, 'onnx/model.onnx'))).toEqual(CONTENT['onnx/model.onnx']);
    });
  });

  it('keeps nothing that does not match its checksum', async () => {
    await withHub(async (hub, hubUrl, dir) => {
      hub.corrupt = true;
      await expect(pullModel(MODEL, { dir, hubUrl, int8: false })).rejects.toThrow(
        /config\.json: the download does not match/,
      );
      await expect(stat(join(dir, 'config.json'))).rejects.toThrow('ENOENT');
      await expect(stat(join(dir, 'config.json.part'))).rejects.toThrow('ENOENT');
      hub.corrupt = false;
      await pullModel(MODEL, { dir, hubUrl, int8: false });
    });
  });

  it('verifies against a checksum of our own where there is one', async () => {
    await withHub(async (_hub, hubUrl, dir) => {
      const files = [{ path: 'config.json', sha256: '0'.repeat(64) }];
      await expect(pullModel({ ...MODEL, files }, { dir, hubUrl, int8: false })).rejects.toThrow(
        '0'.repeat(64),
      );
    });
  });

  it('says which file the hub does not have, and when there is no hub', async () => {
    await withHub(async (hub, hubUrl, dir) => {
      const files = [{ path: 'absent.json' }];
      await expect(pullModel({ ...MODEL, files }, { dir, hubUrl, int8: false })).rejects.toThrow(
        /absent\.json.*404|404.*absent\.json/,
      );
      await hub.close();
      await expect(pullModel(MODEL, { dir, hubUrl, int8: false })).rejects.toThrow(
        /cannot be reached/,
      );
    });
  });
});

describe('the models that can be pulled', () => {
  it('have distinct names and whole addresses', () => {
    expect(new Set(HUB_MODELS.map(({ name }) => name)).size).toBe(HUB_MODELS.length);
    const [first] = HUB_MODELS;
    expect(hubFileUrl('https://hub.example/', first!, first!.files[0]!)).toBe(
      `https://hub.example/${first!.repo}/resolve/${first!.revision}/config.json`,
    );
  });
});
