import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigError } from '../config/setting.js';
import type { Config } from '../config/settings.js';
import { reasonOf } from '../core/errors.js';
import { TlsFiles } from '../core/tls-files.js';

/**
 * The certificate that a shard shows on TCP; undefined: it speaks without TLS. Throws `ConfigError` where only one
 * of certificate and key is named, or they are of no use.
 */
export function shardCertificate({
  shardTlsCert: cert,
  shardTlsKey: key,
}: Pick<Config, 'shardTlsCert' | 'shardTlsKey'>): TlsFiles | undefined {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    const [has, lacks] = cert === undefined ? ['KEY', 'CERT'] : ['CERT', 'KEY'];
    throw new ConfigError(`SHARD_TLS_${has} wants SHARD_TLS_${lacks} as well`);
  }
  const files = new TlsFiles(cert, key);
  usable('SHARD_TLS_CERT and SHARD_TLS_KEY', () => files.read());
  return files;
}

/**
 * Whoever signed the certificates of the shards, PEM; undefined: they are spoken to without TLS. Throws `ConfigError`
 * where it cannot be read.
 */
export function shardCa({ shardTlsCa: file }: Pick<Config, 'shardTlsCa'>): string | undefined {
  if (file === undefined) return undefined;
  return usable('SHARD_TLS_CA', () => {
    const ca = readFileSync(file, 'utf8');
    createSecureContext({ ca });
    if (!ca.includes('BEGIN CERTIFICATE')) throw new Error('there is no certificate in it');
    return ca;
  });
}

function usable<T>(settings: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ConfigError(`${settings} cannot be used: ${reasonOf(error)}`);
  }
}
