import { OmniSearchError } from '../client/errors.js';
import { Transport, type Call } from '../client/transport.js';
import type { Config } from '../config/settings.js';
import { pagesOf } from './api-pages.js';
import { problemOf } from './api-problem.js';
import { jsonObjectOf } from './json-object.js';
import { complain, print, WRONG_USAGE } from './terminal.js';
import { cut, linesOf, MAX_CELL_WIDTH, plain } from './text-table.js';

const COULD_NOT = 1;
const USAGE = 'usage: omnisearch keys create | list | rotate ID | disable ID';
const ONCE = 'the secret is shown this once';

type KeysConfig = Pick<
  Config,
  | 'url'
  | 'adminKey'
  | 'kind'
  | 'tenants'
  | 'description'
  | 'filter'
  | 'exclude'
  | 'limits'
  | 'origins'
  | 'expiresAt'
  | 'compatible'
  | 'json'
>;

/** As `/keys` answers. */
interface KeyReply {
  id: string;
  kind: string;
  tenants: string[];
  generation: number;
  description?: string;
  expires_at?: string;
  disabled_at?: string;
  secret?: string;
}

interface KeysReply {
  keys: KeyReply[];
  next_cursor?: string;
}

/**
 * `omnisearch keys …`. Resolves with the exit code: 0; 1 when it could not; 2 for wrong usage.
 *
 *   create [--kind K] [--tenants A,B] [--filter JSON] …   prints the new key, and its secret this once
 *   list                                                  all keys
 *   rotate ID [--expires-at TIME]                         another secret; the one it had ends then
 *   disable ID                                            nobody comes in with it any more
 */
export async function runKeys(config: KeysConfig, words: readonly string[]): Promise<number> {
  const [action = '', id, ...more] = words;
  const takesId = action === 'rotate' || action === 'disable';
  if (more.length > 0 || takesId !== (id !== undefined)) return complain(WRONG_USAGE, USAGE);
  try {
    return await run(action, id ?? '', config);
  } catch (error) {
    if (error instanceof OmniSearchError) return complain(COULD_NOT, problemOf(error));
    throw error;
  }
}

async function run(action: string, id: string, config: KeysConfig): Promise<number> {
  const { url: address, adminKey: apiKey, json, expiresAt } = config;
  const transport = new Transport({ addresses: [address], apiKey });
  const call = async (asked: Omit<Call, 'twice'>, twice: Call['twice'] = 'nothing') =>
    transport.call({ ...asked, twice });
  const path = `keys/${encodeURIComponent(id)}`;
  switch (action) {
    case 'create': {
      const body = bodyOf(config);
      if (typeof body === 'string') return complain(WRONG_USAGE, body);
      const made = await call({ method: 'POST', path: 'keys', body: { json: body } }, 'harm');
      return tellKey(made as KeyReply, json);
    }
    case 'list':
      return tellAll(await allKeys(call), json);
    case 'rotate': {
      const body = { json: expiresAt === undefined ? {} : { previous_expires_at: expiresAt } };
      const rotated = await call({ method: 'POST', path: `${path}/rotate`, body }, 'harm');
      return tellKey(rotated as KeyReply, json);
    }
    case 'disable': {
      const body = { json: { disabled_at: new Date().toISOString() } };
      return tellKey((await call({ method: 'PATCH', path, body })) as KeyReply, json);
    }
    default:
      return complain(WRONG_USAGE, USAGE);
  }
}

async function allKeys(
  call: (asked: Omit<Call, 'twice'>) => Promise<unknown>,
): Promise<KeyReply[]> {
  const all: KeyReply[] = [];
  const pages = pagesOf(
    async (cursor) => (await call({ method: 'GET', path: 'keys', query: { cursor } })) as KeysReply,
  );
  for await (const { keys } of pages) all.push(...keys);
  return all;
}

/** The body of `POST /keys`, or what is wrong with the flags. */
function bodyOf(config: KeysConfig): object | string {
  const { kind, tenants, description, exclude, origins, expiresAt, compatible } = config;
  const filter = jsonObjectOf(config.filter);
  if (filter === 'broken') return '--filter must be a JSON object';
  const limits = jsonObjectOf(config.limits);
  if (limits === 'broken') return '--limits must be a JSON object';
  const members = {
    ...{ kind, description, filter, limits },
    tenants: tenants?.split(','),
    fields: exclude === undefined ? undefined : { exclude: exclude.split(',') },
    origins: origins?.split(','),
    expires_at: expiresAt,
    compatible: compatible ? true : undefined,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function tellKey(key: KeyReply, json: boolean): number {
  if (json) print(JSON.stringify(key));
  else {
    for (const line of linesOf([rowOf(key)])) print(line);
    if (key.secret !== undefined) {
      print(key.secret);
      process.stderr.write(`${ONCE}\n`);
    }
  }
  return 0;
}

function tellAll(keys: readonly KeyReply[], json: boolean): number {
  if (json) print(JSON.stringify({ keys }));
  else for (const line of linesOf([HEADINGS, ...keys.map(rowOf)])) print(line);
  return 0;
}

const HEADINGS = ['ID', 'KIND', 'TENANTS', 'GENERATION', 'STATE', 'DESCRIPTION'];

function rowOf(key: KeyReply): string[] {
  const tenants = cut(key.tenants.join(','), MAX_CELL_WIDTH);
  const state =
    key.disabled_at !== undefined
      ? `disabled ${key.disabled_at}`
      : key.expires_at !== undefined
        ? `ends ${key.expires_at}`
        : 'good';
  return [key.id, key.kind, tenants, String(key.generation), state, plain(key.description)];
}
