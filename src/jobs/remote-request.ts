import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';

const MAX_HEADER_BYTES = 16 * 1024;

/** An address that may be connected to. */
export interface CheckedAddress {
  address: string;
  family: number;
}

/**
 * Asks for `url` at one of `addresses` and nowhere else: its name is not looked up again. Resolves with the head of the reply;
 * whoever gets it reads or destroys it. One connection, which is not kept.
 */
export function askRemote(
  url: URL,
  addresses: readonly CheckedAddress[],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const ask = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const asked = ask(url, {
      agent: false,
      signal,
      lookup: pinned(addresses),
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: { accept: '*/*', 'accept-encoding': 'gzip', 'user-agent': 'omnisearch' },
    });
    asked.once('response', (response) => {
      // Also an error that comes when nobody reads any more has somebody to go to.
      response.on('error', () => undefined);
      resolve(response);
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Answers with what was checked; a literal address is never asked for, and was checked as such. */
function pinned(addresses: readonly CheckedAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses;
    if (all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}
