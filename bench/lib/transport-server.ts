/** The far side of bench:transport: answers every search at once. TRANSPORT and ADDRESS are given. */
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import fastify from 'fastify';
import { encodeFrame, FrameReader } from '../../src/protocol/frames.js';
import { PROTOCOL_VERSION, type Message, type Reply } from '../../src/protocol/messages.js';
import { bytesVector } from '../../src/protocol/vector-bytes.js';
import { CONTENT_TYPE, exampleReply, packMessage, unpackMessage } from './transport-message.js';

const HITS = exampleReply(10);
const [transport = '', address = ''] = process.argv.slice(2);
const port = Number(address.split(':')[1] ?? NaN);
const where = Number.isNaN(port) ? { path: address } : { host: '127.0.0.1', port };

if (transport.startsWith('frames')) createServer(serveFrames).listen(where);
else if (transport.includes('Fastify')) await serveFastify();
else serveHttp();
process.once('SIGTERM', () => process.exit(0));

function answer(message: Message): Reply {
  if (message.type === 'hello') {
    return { type: 'welcome', protocol: PROTOCOL_VERSION, shard: 'bench' };
  }
  // The copy that a search needs in any case.
  if (message.type === 'search' && bytesVector(message.vector).length > 0) return HITS;
  return { type: 'failure', code: 'protocol', message: 'a search was expected' };
}

function serveFrames(socket: Socket): void {
  const reader = new FrameReader();
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    for (const { request, message } of reader.push(chunk)) {
      socket.write(encodeFrame(request, answer(message)));
    }
  });
}

function serveHttp(): void {
  createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = packMessage(answer(unpackMessage(Buffer.concat(chunks))));
      response.writeHead(200, { 'content-type': CONTENT_TYPE, 'content-length': body.length });
      response.end(body);
    });
  }).listen(where);
}

async function serveFastify(): Promise<void> {
  const app = fastify();
  app.addContentTypeParser<Buffer>(CONTENT_TYPE, { parseAs: 'buffer' }, (_, body, done) => {
    done(null, unpackMessage(body));
  });
  app.post<{ Body: Message }>('/search', (request, reply) =>
    reply.type(CONTENT_TYPE).send(packMessage(answer(request.body))),
  );
  await app.listen(where);
}
