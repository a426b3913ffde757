import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type SecureVersion } from 'node:tls';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Deadline } from '../../src/core/deadline.js';
import { TlsFiles } from '../../src/core/tls-files.js';
import type { Reply } from '../../src/protocol/messages.js';
import { endpointOf } from '../../src/protocol/shard-address.js';
import { ShardConnection } from '../../src/shard-client/shard-connection.js';
import { ShardServer } from '../../src/shard/node/shard-server.js';
import { ShardFixture } from '../shard/shard-fixture.js';
import { OPENSSL_MISSING, TestCa } from './test-ca.js';

describe.skipIf(OPENSSL_MISSING !== undefined)('TLS between query node and shard', () => {
  let dir: string;
  let ca: TestCa;
  let another: TestCa;
  let files: TlsFiles;
  let shard: ShardFixture;
  let server: ShardServer;
  let address: string;
  const opened: ShardConnection[] = [];

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'omnisearch-tls-'));
    ca = new TestCa(dir, 'ca');
    another = new TestCa(dir, 'another');
    const { cert, key } = ca.issue('shard', 'IP:127.0.0.1');
    files = new TlsFiles(cert, key);
  });
  afterAll(() => rmSync(dir, { recursive: true }));
  beforeEach(async () => {
    shard = await ShardFixture.open();
    const of = { shard: 's1', storeId: shard.store.storeId, queueLimit: 4, tenantQueueLimit: 4 };
    const options = { ...of, address: '127.0.0.1:0', tls: files.read() };
    server = new ShardServer(shard.node, options, pino({ level: 'silent' }));
    address = await server.listen();
  });
  afterEach(async () => {
    for (const connection of opened.splice(0)) connection.close();
    await server.close();
    await shard.close();
  });

  function status(trusted: string | undefined): Promise<Reply> {
    const connection = new ShardConnection(address, { storeId: shard.store.storeId, ca: trusted });
    opened.push(connection);
    return connection.request({ type: 'status' }, Deadline.after(5_000));
  }

  async function reachedBy(maxVersion: SecureVersion): Promise<void> {
    const socket = connect({ ...(endpointOf(address) as object), ca: ca.pem, maxVersion });
    await once(socket, 'secureConnect');
    socket.destroy();
  }

  /** Whose certificate it is. */
  async function shown(): Promise<string> {
    const socket = connect({ ...(endpointOf(address) as object), ca: ca.pem });
    await once(socket, 'secureConnect');
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return String(subject.CN);
  }

  test('a shard is reached by TLS 1.3, and shows a certificate of a trusted issuer', async () => {
    expect(await status(ca.pem)).toMatchObject({ type: 'status' });
    await expect(reachedBy('TLSv1.2')).rejects.toThrow();
  });

  test('one whose certificate somebody else signed is not spoken to, and the reason is told', async () => {
    await expect(status(another.pem)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('certificate') as string,
    });
  });

  test('nor one whose certificate is of another address', async () => {
    const elsewhere = ca.issue('elsewhere', 'IP:127.0.0.2');
    server.renew(new TlsFiles(elsewhere.cert, elsewhere.key).read());
    await expect(status(ca.pem)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('127.0.0.1') as string,
    });
  });

  test('who speaks without TLS, or not at all, is not listened to', async () => {
    await expect(status(undefined)).rejects.toMatchObject({ code: 'unavailable' });
    const silent = connectTcp(endpointOf(address) as { host: string; port: number });
    await once(silent, 'close');
    expect(await status(ca.pem)).toMatchObject({ type: 'status' });
  });

  test('a renewed certificate is shown as soon as its files are seen to have changed', async () => {
    const used = { cert: join(dir, 'used.pem'), key: join(dir, 'used-key.pem') };
    copyFileSync(files.cert, used.cert);
    copyFileSync(files.key, used.key);
    const problems: string[] = [];
    const watched = new TlsFiles(used.cert, used.key);
    const end = watched.watch(
      (renewed) => server.renew(renewed),
      (reason) => problems.push(reason),
      20,
    );
    try {
      const renewed = ca.issue('renewed', 'IP:127.0.0.1');
      // Between the two writes they do not belong together: the one before stays.
      copyFileSync(renewed.cert, used.cert);
      await vi.waitFor(() => expect(problems.length).toBeGreaterThan(0));
      expect(await shown()).toBe('shard');
      copyFileSync(renewed.key, used.key);
      await vi.waitFor(async () => expect(await shown()).toBe('renewed'));
      await expect(reachedBy('TLSv1.2')).rejects.toThrow();
    } finally {
      end();
    }
    writeFileSync(used.key, 'nonsense');
    expect(() => watched.read()).toThrow();
  });
});
