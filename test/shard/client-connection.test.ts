import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  encodeFrame,
  FrameReader,
  MAX_FRAME_BYTES,
  type Frame,
} from '../../src/protocol/frames.js';
import type { CancelSignal } from '../../src/core/cancellation.js';
import { PROTOCOL_VERSION, type Message, type Reply } from '../../src/protocol/messages.js';
import {
  ClientConnection,
  READER_LIMITS,
  type ClientRequest,
} from '../../src/shard/node/client-connection.js';
import { ShardNode } from '../../src/shard/node/shard-node.js';
import { ShardServer } from '../../src/shard/node/shard-server.js';

const HELLO: Message = { type: 'hello', protocol: PROTOCOL_VERSION, storeId: 'store' };
const LARGE: Reply = { type: 'failure', code: 'internal', message: 'x'.repeat(1 << 20) };

let dir: string;
let server: Server;
let sockets: Socket[];
let clients: Socket[];
let nonsense: unknown[];
let answer: (request: ClientRequest, signal: CancelSignal) => Promise<Reply | undefined>;

beforeEach(async () => {
  // The sockets' own events are real; what the server waits for comes when the test says so.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-client-'));
  [sockets, clients, nonsense] = [[], [], []];
  answer = () => Promise.resolve({ type: 'applied', applied: true });
  server = createServer((socket) => {
    sockets.push(socket);
    new ClientConnection(socket, { shard: 's1', storeId: 'store' }, READER_LIMITS, {
      answer: (request, signal) => answer(request, signal),
      onNonsense: (error) => nonsense.push(error),
      onClose: () => undefined,
    });
  });
  server.listen(join(dir, 's'));
  await once(server, 'listening');
});
afterEach(async () => {
  vi.useRealTimers();
  for (const client of clients) client.destroy();
  await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true });
});

async function client(): Promise<Socket> {
  const socket = connect({ path: join(dir, 's'), allowHalfOpen: true });
  socket.on('error', () => undefined);
  clients.push(socket);
  const accepted = once(server, 'connection');
  await once(socket, 'connect');
  await accepted;
  return socket;
}

/** The frames that a client is sent, as they come. */
function framesOf(socket: Socket): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader();
  socket.on('data', (chunk) => frames.push(...reader.push(chunk)));
  return frames;
}

async function greeted(): Promise<{ socket: Socket; frames: Frame[] }> {
  const socket = await client();
  const frames = framesOf(socket);
  socket.write(encodeFrame(0, HELLO));
  await vi.waitFor(() => expect(frames).toHaveLength(1));
  return { socket, frames };
}

const isGone = (): boolean => sockets.at(-1)?.destroyed === true;

test('a hello that comes byte by byte has a deadline, not an idle time', async () => {
  const socket = await client();
  const hello = encodeFrame(0, HELLO);
  const server = sockets.at(-1) as Socket;
  for (let second = 0; second < 4; second++) {
    socket.write(hello.subarray(second, second + 1));
    await vi.waitFor(() => expect(server.bytesRead).toBe(second + 1));
    vi.advanceTimersByTime(1_000);
    expect(isGone()).toBe(false);
  }
  vi.advanceTimersByTime(1_000);
  expect(isGone()).toBe(true);
});

test('a client that is turned away and keeps its side open leaves no descriptor behind', async () => {
  const socket = await client();
  const frames = framesOf(socket);
  socket.write(encodeFrame(0, { ...HELLO, storeId: 'another' }));
  await vi.waitFor(() => expect(frames[0]?.message).toMatchObject({ type: 'failure' }));
  expect(isGone()).toBe(false);
  vi.advanceTimersByTime(500);
  expect(isGone()).toBe(true);
});

test('a stranger may make the shard hold a few kilobytes', async () => {
  const socket = await client();
  const header = Buffer.alloc(8);
  header.writeUInt32LE(5_000, 0);
  socket.write(header);
  await vi.waitFor(() => expect(isGone()).toBe(true));
  expect(String(nonsense[0])).toContain('frame of 5000 bytes');
});

test('one that was greeted may be silent for as long as it likes', async () => {
  await greeted();
  vi.advanceTimersByTime(1e9);
  expect(isGone()).toBe(false);
});

test('answers that are not read have a deadline; one who reads in time goes on', async () => {
  answer = () => Promise.resolve(LARGE);
  const { socket, frames } = await greeted();
  socket.pause();
  socket.write(encodeFrame(1, { type: 'status' }));
  await vi.waitFor(() => expect(sockets.at(-1)?.writableLength).toBeGreaterThan(0));
  vi.advanceTimersByTime(READER_LIMITS.unreadMs / 2);
  expect(isGone()).toBe(false);
  socket.resume();
  await vi.waitFor(() => expect(frames).toHaveLength(2));
  await vi.waitFor(() => expect(sockets.at(-1)?.writableLength).toBe(0));
  vi.advanceTimersByTime(READER_LIMITS.unreadMs);
  expect(isGone()).toBe(false);
  socket.pause();
  socket.write(encodeFrame(2, { type: 'status' }));
  await vi.waitFor(() => expect(sockets.at(-1)?.writableLength).toBeGreaterThan(0));
  vi.advanceTimersByTime(READER_LIMITS.unreadMs);
  expect(isGone()).toBe(true);
});

test('one connection has so many requests under way, and a cancel or a close aborts them', async () => {
  const signals: CancelSignal[] = [];
  answer = (_, signal) => {
    signals.push(signal);
    return new Promise(() => undefined);
  };
  const { socket, frames } = await greeted();
  const most = 4_096;
  const requests = Array.from({ length: most + 1 }, (_, i) =>
    encodeFrame(i + 1, { type: 'status' }),
  );
  socket.write(Buffer.concat(requests));
  await vi.waitFor(() => expect(frames).toHaveLength(2), 60_000);
  expect(frames[1]).toMatchObject({
    request: most + 1,
    message: { type: 'failure', code: 'overloaded' },
  });
  expect(signals).toHaveLength(most);
  socket.write(encodeFrame(0, { type: 'cancel', request: 7 }));
  await vi.waitFor(() => expect(signals[6]?.aborted).toBe(true));
  expect(signals.filter(({ aborted }) => aborted)).toHaveLength(1);
  socket.destroy();
  await vi.waitFor(() => expect(signals.every(({ aborted }) => aborted)).toBe(true));
});

test('LISTEN that names a file which is no socket is refused, and the file stays; a socket left behind is replaced', async () => {
  const logger = pino({ level: 'silent' });
  // Only its name is of use: nobody connects.
  const nobody = Object.create(ShardNode.prototype) as ShardNode;
  const serve = (address: string): ShardServer => {
    const limits = { queueLimit: 1, tenantQueueLimit: 1 };
    const options = { shard: 's1', storeId: 'store', address, ...limits };
    return new ShardServer(nobody, options, logger);
  };
  const file = join(dir, 'precious.txt');
  writeFileSync(file, 'precious');
  await expect(serve(file).listen()).rejects.toThrow(/no socket/);
  expect(readFileSync(file, 'utf8')).toBe('precious');
  await expect(serve(dir).listen()).rejects.toThrow(/no socket/);
  const left = join(dir, 'left');
  const first = serve(left);
  await first.listen();
  const second = serve(left);
  expect(await second.listen()).toBe(left);
  vi.useRealTimers();
  await Promise.all([first.close(), second.close()]);
});

test('an answer that is too large for a frame is a failure, and the shard goes on', async () => {
  answer = async ({ type }) =>
    type === 'status'
      ? { type: 'applied', applied: true }
      : { type: 'failure', code: 'internal', message: 'x'.repeat(MAX_FRAME_BYTES) };
  const { socket, frames } = await greeted();
  socket.write(
    encodeFrame(1, { type: 'await', tenant: 't', mark: new Uint8Array(1), budgetMs: 1 }),
  );
  socket.write(encodeFrame(2, { type: 'status' }));
  await vi.waitFor(() => expect(frames).toHaveLength(3));
  const answers = new Map(frames.map(({ request, message }) => [request, message]));
  expect(answers.get(1)).toMatchObject({ type: 'failure', code: 'internal' });
  expect(answers.get(2)).toEqual({ type: 'applied', applied: true });
});
