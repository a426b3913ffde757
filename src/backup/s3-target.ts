import { AwsClient } from 'aws4fetch';
import { decodeXML } from 'entities';
import { sha256Of } from './chunk-codec.js';
import { BackupProblem } from './problem.js';
import type { BackupTarget } from './target.js';

/** A chunk is at most some 20 MiB. */
const REQUEST_MS = 120_000;
const RETRIES = 5;
const NOT_FOUND = 404;
const DEFAULT_REGION = 'us-east-1';

/** Where a bucket is, and who asks. */
export interface S3Options {
  bucket: string;
  /** Before each name, without a slash at its end; may be empty. */
  prefix: string;
  /** Of a server that is not Amazon's, such as `http://127.0.0.1:7070`: the bucket is the path's first part then. */
  endpoint?: string | undefined;
  env: NodeJS.ProcessEnv;
}

/** A bucket of S3 or whatever speaks as it does, over `fetch`. A file is one request: it is whole or not there. */
export class S3Target implements BackupTarget {
  private readonly client: AwsClient;
  private readonly base: string;
  private readonly prefix: string;

  /** Throws `BackupProblem` where it is not told who asks. */
  constructor({ bucket, prefix, endpoint, env }: S3Options) {
    const accessKeyId = env['AWS_ACCESS_KEY_ID'];
    const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
    if (accessKeyId === undefined || secretAccessKey === undefined) {
      throw new BackupProblem('s3:// needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
    }
    const region = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? DEFAULT_REGION;
    const token = env['AWS_SESSION_TOKEN'];
    this.client = new AwsClient({
      ...{ accessKeyId, secretAccessKey, region, service: 's3', retries: RETRIES },
      ...(token === undefined ? {} : { sessionToken: token }),
    });
    this.base =
      endpoint === undefined
        ? `https://${bucket}.s3.${region}.amazonaws.com`
        : `${endpoint.replace(/\/$/, '')}/${bucket}`;
    this.prefix = prefix === '' ? '' : `${prefix}/`;
  }

  async write(file: string, bytes: Uint8Array): Promise<void> {
    const headers = { 'x-amz-content-sha256': sha256Of(bytes) };
    const body = new Uint8Array(bytes);
    await this.ask(this.urlOf(file), { method: 'PUT', headers, body }, `write ${file}`);
  }

  async read(file: string): Promise<Buffer | undefined> {
    const response = await this.ask(this.urlOf(file), { method: 'GET' }, `read ${file}`);
    return response && Buffer.from(await response.arrayBuffer());
  }

  async list(prefix: string): Promise<string[]> {
    const files: string[] = [];
    for (let token: string | undefined; ;) {
      const url = new URL(this.base);
      url.searchParams.set('list-type', '2');
      url.searchParams.set('encoding-type', 'url');
      url.searchParams.set('prefix', this.prefix + prefix);
      if (token !== undefined) url.searchParams.set('continuation-token', token);
      const response = await this.ask(url, { method: 'GET' }, 'list the bucket');
      const xml = (await response?.text()) ?? '';
      for (const [, key = ''] of xml.matchAll(/<Key>([^<]*)<\/Key>/g)) {
        files.push(decodeURIComponent(key.replaceAll('+', ' ')).slice(this.prefix.length));
      }
      const next = /<NextContinuationToken>([^<]+)<\/NextContinuationToken>/.exec(xml)?.[1];
      if (next === undefined) return files.sort();
      token = decodeXML(next);
    }
  }

  async remove(file: string): Promise<void> {
    await this.ask(this.urlOf(file), { method: 'DELETE' }, `remove ${file}`);
  }

  /** Undefined: there is nothing of that name. */
  private async ask(url: URL, init: RequestInit, what: string): Promise<Response | undefined> {
    let response: Response;
    try {
      const signal = AbortSignal.timeout(REQUEST_MS);
      response = await this.client.fetch(url, { ...init, signal });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new BackupProblem(`${url.origin} does not answer (${what}): ${why}`);
    }
    if (response.ok) return response;
    const said = await response.text();
    const code = /<Code>([^<]+)<\/Code>/.exec(said)?.[1] ?? '';
    if (response.status === NOT_FOUND && code !== 'NoSuchBucket') return undefined;
    throw new BackupProblem(`could not ${what}: ${response.status} ${code}`);
  }

  private urlOf(file: string): URL {
    const parts = `${this.prefix}${file}`.split('/').map(encodeURIComponent);
    return new URL(`${this.base}/${parts.join('/')}`);
  }
}
