import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isObject } from '../core/json.js';
import { removeSocket } from '../core/remove-socket.js';
import type { ProcessFigures, ProcessGroup } from './process-group.js';

/** Beside the sockets of the shards. */
export const CONTROL_SOCKET = 'up.sock';
export const SCALED = ['query_nodes', 'workers'] as const;
export type Scaled = (typeof SCALED)[number];

/** What is answered: how many there are to be of each, and those that there are. */
export interface Processes extends Record<Scaled, ShownGroup> {
  /** Jobs that are due and wait; null: nobody says. */
  waiting: number | null;
}

interface ShownGroup {
  count: number;
  most: number;
  processes: ProcessFigures[];
}

export interface ControlOptions {
  path: string;
  groups: Record<Scaled, Pick<ProcessGroup, 'count' | 'most' | 'become' | 'processes'>>;
  /** Jobs that wait, as processes outside of the groups say. */
  waiting: () => number | undefined;
}

const MAX_BODY_BYTES = 1_024;
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Lets processes of this user, whom the folder is open to, see how the children of this one do, and say how many there
 * are to be: `GET /processes`, and `PUT /processes` with `{"query_nodes": 3, "workers": 2}`. It answers when no query node does.
 */
export async function openControlSocket(options: ControlOptions): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    void answer(options, request).then(
      ({ status, body }) => send(response, status, body),
      () => response.destroy(),
    );
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  await removeSocket(options.path);
  server.listen(options.path);
  await once(server, 'listening');
  return async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
}

interface Answer {
  status: number;
  body: object;
}

async function answer(options: ControlOptions, request: IncomingMessage): Promise<Answer> {
  if (request.url !== '/processes') return problem(404, 'there is /processes');
  if (request.method === 'GET') return { status: 200, body: processesOf(options) };
  if (request.method !== 'PUT') return problem(405, 'GET or PUT');
  const text = await bodyOf(request);
  const counts = text === undefined ? 'must be JSON of at most 1 KB' : countsIn(text, options);
  if (typeof counts === 'string') return problem(400, counts);
  for (const [role, count] of counts) options.groups[role].become(count);
  return { status: 200, body: processesOf(options) };
}

function problem(status: number, message: string): Answer {
  return { status, body: { error: { message } } };
}

/** Undefined: it is too large. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** What there is to be of each, or what is wrong with it. */
function countsIn(text: string, { groups }: ControlOptions): [Scaled, number][] | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'must be JSON';
  }
  if (!isObject(json)) return 'must be an object';
  const counts: [Scaled, number][] = [];
  for (const [name, count] of Object.entries(json)) {
    const role = SCALED.find((each) => each === name);
    if (role === undefined) return `${name} is not a known member: ${SCALED.join(', ')}`;
    const { most } = groups[role];
    if (most < 2) return `${role} cannot be changed: ${FIXED}`;
    const least = role === 'workers' ? 0 : 1;
    if (!Number.isInteger(count) || Number(count) < least || Number(count) > most) {
      return `${role} must be an integer from ${least} to ${most}, got ${JSON.stringify(count)}`;
    }
    counts.push([role, Number(count)]);
  }
  return counts;
}

const FIXED = 'the only query node has the port for itself, start with --policy or --query-nodes 2';

function processesOf({ groups, waiting }: ControlOptions): Processes {
  const [queryNodes, workers] = [shownOf(groups.query_nodes), shownOf(groups.workers)];
  const inside = [...queryNodes.processes, ...workers.processes].map((each) => each.waiting);
  // Each that works on jobs says all of the cluster's, as of its latest look.
  const said = [waiting(), ...inside].filter((count) => count !== undefined);
  return {
    ...{ query_nodes: queryNodes, workers },
    waiting: said.length === 0 ? null : Math.max(...said),
  };
}

function shownOf(group: ControlOptions['groups'][Scaled]): ShownGroup {
  return { count: group.count, most: group.most, processes: group.processes() };
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(text);
}
