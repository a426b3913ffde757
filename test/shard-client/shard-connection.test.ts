import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Deadline } from '../../src/core/deadline.js';
import { encodeFrame, FrameReader } from '../../src/protocol/frames.js';
import { newNonce, proofOf } from '../../src/protocol/handshake.js';
import {
  OLDEST_PROTOCOL,
  PROTOCOL_VERSION,
  type Challenge,
  type Message,
  type Reply,
} from '../../src/protocol/messages.js';
import { ShardConnection } from '../../src/shard-client/shard-connection.js';
import { vectorBytes } from '../../src/query/leaf-query.js';
import { idsOf } from '../search/leaf-answers.js';
import { ShardFleet } from '../../src/shard-client/shard-fleet.js';
import { ShardServer } from '../../src/shard/node/shard-server.js';
import { put, ShardFixture } from '../shard/shard-fixture.js';

const VECTOR = Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0);
let dir: string;
let address: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-socket-'));
  address = join(dir, 's1.sock');
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('over a real shard', () => {
  let shard: ShardFixture;
  let server: ShardServer;
  const opened: ShardConnection[] = [];

  beforeEach(async () => {
    shard = await ShardFixture.open();
    await shard.place('c');
    await shard.write([put('a', 'c', [...VECTOR])]);
    server = await serve();
  });
  afterEach(async () => {
    for (const connection of opened.splice(0)) connection.close();
    await server.close();
    await shard.close();
  });

  async function serve(secret?: string): Promise<ShardServer> {
    const { storeId } = shard.store;
    const options = { shard: 's1', storeId, secret, address, queueLimit: 4, tenantQueueLimit: 4 };
    const started = new ShardServer(shard.node, options, pino({ level: 'silent' }));
    await started.listen();
    return started;
  }

  function client(storeId = shard.store.storeId, secret?: string): ShardConnection {
    const connection = new ShardConnection(address, { storeId, secret });
    opened.push(connection);
    return connection;
  }

  const status = (connection: ShardConnection, ms = 5_000): Promise<Reply> =>
    connection.request({ type: 'status' }, Deadline.after(ms));

  test('a client of another store or protocol is refused at the handshake', async () => {
    await expect(status(client('another'))).rejects.toMatchObject({ code: 'unavailable' });
    const hello = { type: 'hello' as const, storeId: shard.store.storeId };
    const reply = await exchange({ ...hello, protocol: PROTOCOL_VERSION + 1 });
    expect(reply).toMatchObject({ type: 'failure', code: 'protocol' });
    const older = { ...hello, protocol: 1, newest: OLDEST_PROTOCOL - 1 };
    expect(await exchange(older)).toMatchObject({ type: 'failure', code: 'protocol' });
    expect(await status(client())).toMatchObject({ type: 'status', documents: 1 });
  });

  test('the newest protocol is spoken that both sides know', async () => {
    const { storeId } = shard.store;
    const spoken = async (oldest: number, newest?: number): Promise<unknown> => {
      const hello = { type: 'hello' as const, storeId, protocol: oldest };
      const reply = await exchange(newest === undefined ? hello : { ...hello, newest });
      return (reply as { protocol?: number }).protocol;
    };
    expect(await spoken(OLDEST_PROTOCOL, PROTOCOL_VERSION)).toBe(PROTOCOL_VERSION);
    expect(await spoken(PROTOCOL_VERSION, PROTOCOL_VERSION + 3)).toBe(PROTOCOL_VERSION);
    // A client of before names one alone.
    expect(await spoken(OLDEST_PROTOCOL)).toBe(OLDEST_PROTOCOL);
    expect(await spoken(1, OLDEST_PROTOCOL)).toBe(OLDEST_PROTOCOL);
  });

  test('both sides must know the shared secret, where one of them does', async () => {
    const { storeId } = shard.store;
    const withSecret = (secret?: string): Promise<Reply> => status(client(storeId, secret));
    const refused = { code: 'unavailable' };
    await expect(withSecret('known to the client only')).rejects.toMatchObject(refused);
    await server.close();
    server = await serve('a secret of some length');
    expect(await withSecret('a secret of some length')).toMatchObject({ type: 'status' });
    await expect(withSecret('a secret of some lengtH')).rejects.toMatchObject(refused);
    await expect(withSecret()).rejects.toMatchObject(refused);
  });

  test('a proof is good for its own connection and side only', async () => {
    await server.close();
    const secret = 'a secret of some length';
    server = await serve(secret);
    const { storeId } = shard.store;
    const nonce = newNonce();
    const hello: Message = { type: 'hello', protocol: PROTOCOL_VERSION, storeId, nonce };
    const talk = await conversation();
    const challenge = (await talk(hello)) as Challenge;
    const nonces = { client: nonce, shard: challenge.nonce };
    const proof = proofOf(secret, 'client', nonces);
    expect(await talk({ type: 'proof', proof })).toMatchObject({
      type: 'welcome',
      proof: proofOf(secret, 'shard', nonces),
    });
    for (const stolen of [proof, proofOf(secret, 'shard', nonces), new Uint8Array()]) {
      const again = await conversation();
      expect(await again(hello)).toMatchObject({ type: 'challenge' });
      expect(await again({ type: 'proof', proof: stolen })).toMatchObject({ type: 'failure' });
    }
    // Nothing but a handshake is listened to before it.
    const rude = await conversation();
    expect(await rude({ type: 'status' })).toBeUndefined();
  });

  /** A connection on which each message has one answer; undefined: it was cut instead. */
  async function conversation(): Promise<(message: Message) => Promise<Message | undefined>> {
    const socket = connect(address);
    await once(socket, 'connect');
    return async (message) => {
      socket.write(encodeFrame(1, message));
      const [chunk] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [
        Buffer | boolean,
      ];
      return Buffer.isBuffer(chunk) ? new FrameReader().push(chunk)[0]?.message : undefined;
    };
  }

  test('a stranger cannot make a shard hold a long frame', async () => {
    const socket = connect(address);
    socket.write(Buffer.from([0, 0, 1, 0, 0, 0, 0, 0]));
    await once(socket, 'close');
  });

  /** The first answer to a first frame. */
  async function exchange(message: Message): Promise<Message | undefined> {
    const socket = connect(address);
    socket.write(encodeFrame(0, message));
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return new FrameReader().push(chunk)[0]?.message;
  }

  test('broken and strange frames end their connection, never the shard', async () => {
    const hello: Message = { type: 'hello', protocol: 1, storeId: shard.store.storeId };
    const strange: unknown[] = [
      { type: 'await' },
      { type: 'await', tenant: 'shop', mark: 7, budgetMs: 'x' },
      { type: 'nudge' },
      { type: 'search' },
      { type: 'search', tenant: 'shop', model: 'm1', partitions: '', vector: VECTOR.buffer },
      {
        type: 'search',
        tenant: 'shop',
        model: 'm1',
        partitions: 7,
        vector: null,
        filter: 3,
        k: {},
      },
      { type: 'unheard of' },
      null,
      7,
    ];
    const broken = [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(64, 0xff),
      Buffer.concat([encodeFrame(0, hello), Buffer.alloc(40, 0xfe)]),
      ...strange.map((message) =>
        Buffer.concat([encodeFrame(0, hello), encodeFrame(1, message as Message)]),
      ),
      encodeFrame(1, { type: 'status' }),
    ];
    for (const bytes of broken) {
      const socket = connect(address);
      socket.on('error', () => undefined);
      socket.end(bytes);
      socket.resume();
      await once(socket, 'close');
    }
    expect(await status(client())).toMatchObject({ type: 'status', shard: 's1' });
  });

  test('after a restart of the shard the same connection finds it again', async () => {
    const connection = client();
    await status(connection);
    await server.close();
    await expect(status(connection)).rejects.toMatchObject({ code: 'unavailable' });
    server = await serve();
    // At most the pause after a refused attempt.
    await sleep(60);
    expect(await status(connection)).toMatchObject({ documents: 1 });
    // A connection that worked is made anew at once.
    await server.close();
    server = await serve();
    await sleep(1);
    expect(await status(connection)).toMatchObject({ documents: 1 });
  });

  test('a shard that closes answers what it has begun', async () => {
    const { storeId } = shard.store;
    const fleet = new ShardFleet(new Map([['s1', address]]), { storeId });
    const { counter, partitions } = await shard.store.placement('shop');
    const query = { vector: vectorBytes(VECTOR), views: [{ k: 1 }], exact: true };
    const leaf = { tenant: 'shop', counter, group: 's1/', partitions, model: 'm1', query };
    const ask = () => fleet.search({ nodes: ['s1'] }, leaf, Deadline.after(5_000));
    await ask();
    const answers = Promise.allSettled([ask(), ask()]);
    await sleep(5);
    await server.close();
    for (const answer of await answers) {
      if (answer.status === 'fulfilled') expect(idsOf(answer.value.answer)).toHaveLength(1);
      else expect(answer.reason).toMatchObject({ code: 'unavailable' });
    }
    await expect(ask()).rejects.toMatchObject({ code: 'unavailable' });
    fleet.close();
  });
});

describe('a fleet', () => {
  test('knows on which machine a node is, and counts news of it as a sign of life', async () => {
    const fleet = new ShardFleet(new Map(), { storeId: 'store' });
    await sleep(30);
    const addresses = { s1: '10.1.2.3:81', s2: '[::1]:81', s3: join(dir, 's3.sock') };
    fleet.setAddresses(new Map(Object.entries(addresses)));
    expect(Object.keys(addresses).map((name) => fleet.hostOf(name))).toEqual([
      '10.1.2.3',
      '::1',
      undefined,
    ]);
    expect(fleet.hostOf('s9')).toBeUndefined();
    // It came, or moved, a moment ago, however long the others have been there.
    expect(fleet.silentMs('s9') - fleet.silentMs('s1')).toBeGreaterThan(20);
    fleet.close();
  });

  test('hears of zone and size where a node was told of them', async () => {
    const told = await ShardFixture.open({ zone: 'north', capacityBytes: 9 });
    expect(told.node.status()).toMatchObject({ zone: 'north', capacityBytes: 9 });
    await told.close();
    const other = await ShardFixture.open();
    expect(other.node.status()).not.toHaveProperty('zone');
    await other.close();
  });
});

describe('over a peer of any behaviour', () => {
  let server: Server;
  let sockets: Socket[];
  let connection: ShardConnection;
  beforeEach(() => {
    sockets = [];
    connection = new ShardConnection(address, { storeId: 'store' });
  });
  afterEach(async () => {
    connection.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Welcomes, then hands each further frame to `onFrame`. */
  async function listen(
    onFrame: (socket: Socket, request: number, message: Message) => void,
    welcome = true,
  ): Promise<void> {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      const reader = new FrameReader();
      socket.on('data', (chunk) => {
        for (const { request, message } of reader.push(chunk)) {
          if (message.type !== 'hello') onFrame(socket, request, message);
          else if (welcome) {
            socket.write(
              encodeFrame(0, { type: 'welcome', protocol: PROTOCOL_VERSION, shard: 's1' }),
            );
          }
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(address, resolve));
  }

  const ask = (ms: number): Promise<Reply> =>
    connection.request({ type: 'status' }, Deadline.after(ms));

  test('a shard that hangs costs the deadline, is told to forget it, and late answers are ignored', async () => {
    const seen: [number, Message][] = [];
    let isAnswering = false;
    await listen((socket, request, message) => {
      seen.push([request, message]);
      const answer = encodeFrame(request, { type: 'applied', applied: false });
      if (isAnswering) socket.write(answer);
    });
    const cancelled = (): number | undefined => {
      const [, cancel] = seen.find(([, { type }]) => type === 'cancel') ?? [];
      return cancel?.type === 'cancel' ? cancel.request : undefined;
    };
    // The first may spend its time on connecting, on a busy machine.
    while (cancelled() === undefined) {
      await expect(ask(30)).rejects.toMatchObject({ code: 'deadline_exceeded' });
      await sleep(5);
    }
    expect(seen.map(([request]) => request)).toContain(cancelled());
    sockets[0]?.write(encodeFrame(cancelled() as number, { type: 'applied', applied: true }));
    isAnswering = true;
    expect(await ask(1_000)).toEqual({ type: 'applied', applied: false });
  });

  test('a connection that the network has forgotten is given up for another', async () => {
    await listen((socket, request, { type }) => {
      const isForgotten = socket === sockets[0];
      if (type !== 'status' || isForgotten) return;
      socket.write(encodeFrame(request, { type: 'applied', applied: true }));
    });
    // Neither end is told: it stays open, and nothing comes.
    await expect
      .poll(() => ask(500).catch(() => undefined), { timeout: 20_000 })
      .toEqual({ type: 'applied', applied: true });
    expect(sockets).toHaveLength(2);
  });

  test('invariant 8: too many requests under way are refused at once', async () => {
    await listen(() => undefined);
    const asked = Array.from({ length: 1_100 }, () => ask(300));
    const codes = (await Promise.allSettled(asked)).map((one) =>
      one.status === 'rejected' ? (one.reason as { code: string }).code : 'answered',
    );
    expect(codes.filter((code) => code === 'overloaded')).toHaveLength(1_100 - 1_024);
    expect(codes.filter((code) => code === 'deadline_exceeded')).toHaveLength(1_024);
    // After so many deadlines, and a ping without an answer, the shard is silent: nobody waits any more.
    const codeOf = (error: unknown): string => (error as { code: string }).code;
    await expect
      .poll(() => ask(1_000).then(() => '', codeOf), { timeout: 10_000 })
      .toBe('unavailable');
  });

  test('requests under way are sent once more when the connection breaks or talks nonsense, then end', async () => {
    let last: Socket | undefined;
    await listen((socket) => (last = socket));
    for (const end of [
      (socket: Socket) => socket.destroy(),
      (socket: Socket) => socket.write(Buffer.alloc(100, 0xff)),
    ]) {
      const asked = Promise.allSettled([ask(5_000), ask(5_000)]);
      for (let times = 0; times < 2; times++) {
        while (last === undefined) await sleep(1);
        end(last);
        last = undefined;
      }
      for (const one of await asked) {
        expect(one).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
      }
    }
  });

  test('closing while it connects leaves nothing behind', async () => {
    await listen(() => undefined, false);
    const asked = ask(60_000);
    while (sockets.length === 0) await sleep(1);
    const gone = once(sockets[0] as Socket, 'close');
    connection.close();
    await expect(asked).rejects.toMatchObject({ code: 'unavailable' });
    await gone;
    await expect(ask(1_000)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
