import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hubFileUrl, type HubFile, type HubModel } from './model-hub.js';

export interface PullOptions {
  /** The folder that becomes the model's. */
  dir: string;
  hubUrl: string;
  int8: boolean;
  /** Called as bytes arrive; `totalBytes` is undefined when the hub does not say. */
  onProgress?: (path: string, bytes: number, totalBytes: number | undefined) => void;
}

/** What the hub says of a file before it is fetched. */
interface RemoteFile {
  bytes: number | undefined;
  /** SHA-256 of a large file, or git's SHA-1 of a small one. */
  checksum: string | undefined;
}

/** A connection that is silent for so long is given up; a new pull resumes. */
const SILENCE_MS = 30_000;

/**
 * Downloads a model's files into a folder, each verified and only then given its name. Files that
 * are there and right are kept, a broken download goes on where it stopped. Throws a plain Error in
 * one line that names the file.
 */
export async function pullModel(model: HubModel, options: PullOptions): Promise<void> {
  for (const file of [...model.files, ...(options.int8 ? model.int8Files : [])]) {
    await pullFile(hubFileUrl(options.hubUrl, model, file), file, options);
  }
}

async function pullFile(url: string, file: HubFile, options: PullOptions): Promise<void> {
  const target = join(options.dir, file.path);
  const remote = await askHub(url, file);
  const expected = file.sha256 ?? remote.checksum;
  if (expected === undefined) throw new Error(`${url}: the hub states no checksum to verify`);
  if (await matches(target, expected)) {
    options.onProgress?.(file.path, remote.bytes ?? 0, remote.bytes);
    return;
  }
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.part`;
  await download(url, part, (bytes) => options.onProgress?.(file.path, bytes, remote.bytes));
  if (!(await matches(part, expected))) {
    await rm(part, { force: true });
    throw new Error(`${url}: the download does not match its checksum ${expected}`);
  }
  await rename(part, target);
}

/** The hub answers large files with a redirect that carries the checksum: it is not followed. */
async function askHub(url: string, file: HubFile): Promise<RemoteFile> {
  const response = await request(url, { method: 'HEAD', redirect: 'manual' });
  if (response.status >= 400) {
    throw new Error(`${url}: the hub answered ${response.status} for ${file.path}`);
  }
  const tag = response.headers.get('x-linked-etag') ?? response.headers.get('etag');
  const length = response.status < 300 ? response.headers.get('content-length') : null;
  const size = response.headers.get('x-linked-size') ?? length;
  const checksum = tag?.replace(/^W\//, '').replaceAll('"', '');
  return {
    bytes: size === null ? undefined : Number(size),
    checksum:
      checksum !== undefined && /^([0-9a-f]{64}|[0-9a-f]{40})$/.test(checksum)
        ? checksum
        : undefined,
  };
}

async function download(
  url: string,
  part: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  let bytes = (await stat(part).catch(() => undefined))?.size ?? 0;
  const response = await request(url, bytes === 0 ? {} : { headers: { range: `bytes=${bytes}-` } });
  // 416: everything was there already; the checksum decides.
  if (response.status === 416) return;
  if (!response.ok || response.body === null) {
    throw new Error(`${url}: the hub answered ${response.status}`);
  }
  const resumed = response.status === 206;
  if (!resumed) bytes = 0;
  const body = Readable.from(response.body as AsyncIterable<Uint8Array>);
  let silence: NodeJS.Timeout | undefined;
  const listen = (): void => {
    clearTimeout(silence);
    silence = setTimeout(
      () => body.destroy(new Error(`${url}: nothing came for a while`)),
      SILENCE_MS,
    );
  };
  listen();
  try {
    await pipeline(
      body,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          listen();
          bytes += chunk.length;
          onBytes(bytes);
          yield chunk;
        }
      },
      createWriteStream(part, { flags: resumed ? 'a' : 'w' }),
    );
  } finally {
    clearTimeout(silence);
  }
}

async function request(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${url}: cannot be reached: ${reason}`, { cause: error });
  }
}

/** True when the file is there and has this SHA-256, or this git blob SHA-1. */
async function matches(file: string, checksum: string): Promise<boolean> {
  const stats = await stat(file).catch(() => undefined);
  if (stats?.isFile() !== true) return false;
  const isGit = checksum.length === 40;
  const hash = createHash(isGit ? 'sha1' : 'sha256');
  if (isGit) hash.update(`blob ${stats.size}\0`);
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex') === checksum;
}
