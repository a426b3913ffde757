import type { IncomingMessage, RequestOptions } from 'node:http';

export interface PostTarget {
  url: URL;
  headers: Readonly<Record<string, string>>;
  /** For all of it. */
  timeoutMs: number;
}

export interface PostAnswer {
  status: number;
  headers: IncomingMessage['headers'];
}

/** Sends `body`, and reads nothing of the answer but its head. Rejects where none came in time. */
export async function post(
  { url, headers, timeoutMs }: PostTarget,
  body: string,
): Promise<PostAnswer> {
  // Loaded with the first: who sends nothing needs none.
  const { request } =
    url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body);
    const options: RequestOptions = {
      method: 'POST',
      headers: { ...headers, 'content-length': bytes.byteLength },
      signal: AbortSignal.timeout(timeoutMs),
    };
    const sent = request(url, options, (answer) => {
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers });
      // What breaks off now was answered.
      answer.on('error', () => undefined);
      answer.resume();
    });
    sent.on('error', reject);
    sent.end(bytes);
  });
}
