import { randomUUID } from 'node:crypto';
import type { LoggedError } from '../core/logger.js';
import { stackFrames } from './stack-frames.js';

/** What all events of a process have in common. */
export interface EventOrigin {
  /** Version of the package. */
  version: string;
  environment: string | undefined;
  /** What `omnisearch` was told to do. */
  role: string;
  host: string;
}

const MAX_MESSAGE = 500;
const MAX_CAUSES = 4;
/** Of what a line says beside its error: what a request is known by, and nothing that it holds. */
const TOLD: ReadonlyMap<string, string> = new Map([
  ['reqId', 'request_id'],
  ['route', 'route'],
  ['method', 'method'],
  ['traceId', 'trace_id'],
]);

/**
 * An envelope with one event, as Sentry takes it. It holds where something failed, not on what: of messages nothing that
 * stands in quotation marks, since that may be of a query, a document or a key.
 */
export function sentryEnvelope(
  { error, line, details }: LoggedError,
  origin: EventOrigin,
  isHandled = true,
): string {
  const { version, environment, role, host } = origin;
  const id = randomUUID().replaceAll('-', '');
  const tags: Record<string, string> = { role };
  for (const [name, tag] of TOLD) {
    const value = details[name];
    if (typeof value === 'string') tags[tag] = value;
  }
  const event = {
    ...{ event_id: id, timestamp: Date.now() / 1_000, platform: 'node', logger: role, tags },
    ...{
      level: isHandled ? 'error' : 'fatal',
      server_name: host,
      release: `omnisearch@${version}`,
    },
    ...(environment === undefined ? {} : { environment: environmentName(environment) }),
    ...(tags['route'] === undefined ? {} : { transaction: tags['route'] }),
    ...(line === undefined ? {} : { message: { formatted: withoutQuoted(line) } }),
    ...(error === undefined ? {} : { exception: { values: chainOf(error, isHandled) } }),
  };
  const head = { event_id: id, sent_at: new Date().toISOString() };
  return [head, { type: 'event' }, event].map((part) => `${JSON.stringify(part)}\n`).join('');
}

/** What Sentry takes as one. */
function environmentName(name: string): string {
  return name.replaceAll(/[\s/]+/g, '-').slice(0, 64);
}

/** What was underneath first. */
function chainOf(error: Error, isHandled: boolean): object[] {
  const chain: object[] = [];
  for (let at: unknown = error; at instanceof Error && chain.length < MAX_CAUSES; at = at.cause) {
    chain.unshift({
      ...{ type: at.name, value: withoutQuoted(at.message) },
      stacktrace: { frames: stackFrames(at.stack) },
      mechanism: { type: 'generic', handled: isHandled },
    });
  }
  return chain;
}

/** Names and values that messages quote are of what was sent; so is who may, in an address. */
function withoutQuoted(message: string): string {
  return message
    .slice(0, MAX_MESSAGE)
    .replaceAll(/\/\/[^\s/@]*@/g, '//…@')
    .replaceAll(/"[^"]*("|$)|`[^`]*(`|$)|(?<![\p{L}\d])'[^']*('|$)/gu, '"…"');
}
