import { Type, type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { Times } from './times.js';

/** What there may be more or fewer of. */
export const ROLES = ['query_nodes', 'workers', 'shard_nodes'] as const;
export type Role = (typeof ROLES)[number];

const MOST = 1_000;
const SHARE = 'a share from 0.01 to 1';

function integer(minimum: number, maximum: number) {
  return Type.Integer({
    minimum,
    maximum,
    description: `an integer from ${minimum} to ${maximum}`,
  });
}

function closed<T extends Record<string, TSchema>>(members: T) {
  return Type.Object(members, { additionalProperties: false, description: 'an object' });
}

const Share = Type.Number({ minimum: 0.01, maximum: 1, description: SHARE });
const Text = Type.String({ minLength: 1, maxLength: 100, description: 'a text' });
/** What all roles have. */
const BOUNDS = { min: integer(0, MOST), max: integer(1, MOST) };

const QueryNodes = closed({
  ...BOUNDS,
  cpu: Type.Optional(closed({ up: Share, down: Share })),
  qps_per_node: Type.Optional(integer(1, 100_000)),
  memory: Type.Optional(Share),
});

const Workers = closed({
  ...BOUNDS,
  queue: Type.Optional(closed({ up: integer(1, 1_000_000), down: integer(0, 1_000_000) })),
});

/** When they are full is said by the cluster: docs/operations.md. */
const ShardNodes = closed(BOUNDS);

const Window = closed({
  role: Type.Optional(
    Type.Union(
      ROLES.map((role) => Type.Literal(role)),
      { description: `one of ${ROLES.join(', ')}` },
    ),
  ),
  min: integer(0, MOST),
  from: Text,
  until: Text,
  time_zone: Type.Optional(Text),
});

const File = closed({
  query_nodes: Type.Optional(QueryNodes),
  workers: Type.Optional(Workers),
  shard_nodes: Type.Optional(ShardNodes),
  every_s: Type.Optional(integer(1, 3_600)),
  shards_every_s: Type.Optional(integer(1, 86_400)),
  cool_down_s: Type.Optional(closed({ up: integer(0, 3_600), down: integer(0, 3_600) })),
  hysteresis: Type.Optional(
    Type.Number({ minimum: 0, maximum: 0.9, description: 'a share from 0 to 0.9' }),
  ),
  changes_per_hour: Type.Optional(integer(1, 60)),
  start_s: Type.Optional(integer(1, 3_600)),
  schedule: Type.Optional(Type.Array(Window, { maxItems: 100, description: 'a list of windows' })),
});

type PolicyFile = Static<typeof File>;

/** How many there may be of a role, and by what it is told that they are too few or too many. */
export interface RolePolicy {
  min: number;
  max: number;
  /** Share of a process' time, 0 to 1. */
  cpu?: { up: number; down: number };
  /** Searches a second that one takes. */
  qpsPerNode?: number;
  /** Share of what there is, 0 to 1. */
  memory?: number;
  /** Jobs that wait. */
  queue?: { up: number; down: number };
  everyMs: number;
}

/** A time in which there are at least so many. */
export interface Window {
  role: Role;
  min: number;
  from: Times;
  until: Times;
  /** As the file has it. */
  text: string;
}

/** All roles that are scaled, and what holds for each. */
export interface Policy {
  roles: Partial<Record<Role, RolePolicy>>;
  /** From a change until the next one. */
  upAfterMs: number;
  downAfterMs: number;
  /** How far from its bound a figure has to be for fewer to be enough, 0 to 0.9. */
  hysteresis: number;
  changesPerHour: number;
  /** How long a new process takes until it answers. */
  startMs: number;
  schedule: Window[];
}

/** Where the file says nothing: the bounds of the Helm chart. */
const DEFAULT = {
  ...{ cpu: { up: 0.8, down: 0.2 }, qps_per_node: 150, memory: 0.8, queue: { up: 100, down: 10 } },
  ...{ every_s: 60, shards_every_s: 300, cool_down_s: { up: 60, down: 600 } },
  ...{ hysteresis: 0.15, changes_per_hour: 6, start_s: 120 },
};

/** A policy file, or the member that is wrong with it, and what was expected. */
export function readPolicy(json: unknown): Policy | { problem: string } {
  if (!Value.Check(File, json)) return { problem: problemOf(json) };
  const { query_nodes, workers, shard_nodes, cool_down_s: coolDown = DEFAULT.cool_down_s } = json;
  const everyMs = 1_000 * (json.every_s ?? DEFAULT.every_s);
  const shardsEveryMs = 1_000 * (json.shards_every_s ?? DEFAULT.shards_every_s);
  const roles: Policy['roles'] = {};
  if (query_nodes !== undefined) {
    const { min, max, cpu = DEFAULT.cpu, memory = DEFAULT.memory } = query_nodes;
    const { qps_per_node: qpsPerNode = DEFAULT.qps_per_node } = query_nodes;
    roles.query_nodes = { min, max, cpu, qpsPerNode, memory, everyMs };
  }
  if (workers !== undefined) {
    const { min, max, queue = DEFAULT.queue } = workers;
    roles.workers = { min, max, queue, everyMs };
  }
  if (shard_nodes !== undefined) {
    roles.shard_nodes = { ...shard_nodes, everyMs: shardsEveryMs };
  }
  const schedule = windowsOf(json.schedule ?? []);
  if ('problem' in schedule) return schedule;
  const problem = contradiction(roles, schedule.windows);
  if (problem !== undefined) return { problem };
  return {
    roles,
    ...{ upAfterMs: 1_000 * coolDown.up, downAfterMs: 1_000 * coolDown.down },
    hysteresis: json.hysteresis ?? DEFAULT.hysteresis,
    changesPerHour: json.changes_per_hour ?? DEFAULT.changes_per_hour,
    startMs: 1_000 * (json.start_s ?? DEFAULT.start_s),
    schedule: schedule.windows,
  };
}

function windowsOf(
  windows: NonNullable<PolicyFile['schedule']>,
): { windows: Window[] } | { problem: string } {
  const read: Window[] = [];
  for (const [
    i,
    { role = 'query_nodes', min, from, until, time_zone: zone },
  ] of windows.entries()) {
    const times = { from: Times.of(from, zone), until: Times.of(until, zone) };
    for (const [name, each] of Object.entries(times)) {
      if ('problem' in each) return { problem: `schedule[${i}].${name} ${each.problem}` };
    }
    const text = `at least ${min} from ${from} until ${until}`;
    read.push({ role, min, from: times.from as Times, until: times.until as Times, text });
  }
  return { windows: read };
}

/** What each member allows, and all together do not. */
function contradiction(roles: Policy['roles'], windows: readonly Window[]): string | undefined {
  if (Object.keys(roles).length === 0) return `must have one of ${ROLES.join(', ')}`;
  for (const [role, { min, max, cpu, queue }] of Object.entries(roles)) {
    if (min > max) return `${role}.max must be at least min, ${min}, got ${max}`;
    if (role !== 'workers' && min < 1) return `${role}.min must be at least 1, got ${min}`;
    if (cpu !== undefined && cpu.down >= cpu.up) {
      return `${role}.cpu.down must be below up, ${cpu.up}, got ${cpu.down}`;
    }
    if (queue !== undefined && queue.down >= queue.up) {
      return `${role}.queue.down must be below up, ${queue.up}, got ${queue.down}`;
    }
  }
  for (const [i, { role, min }] of windows.entries()) {
    const { max } = roles[role] ?? {};
    if (max === undefined) return `schedule[${i}].role must be of the policy: it has no ${role}`;
    if (min > max) return `schedule[${i}].min must be at most max of ${role}, ${max}, got ${min}`;
  }
  return undefined;
}

/** Of all that is wrong, the first that names a member. */
function problemOf(json: unknown): string {
  const errors = Value.Errors(File, json);
  const unknown = errors.find(({ keyword }) => keyword === 'additionalProperties');
  if (unknown !== undefined) {
    return `${memberAt(unknown.instancePath, firstName(unknown.params))} is not a known member`;
  }
  // Of a value that may be one of several, that it is none of them says more than why it is not the first.
  const first = errors.find(({ keyword }) => keyword === 'anyOf') ?? errors[0];
  if (first === undefined) return 'is not a policy';
  if (first.keyword === 'required') {
    return `${memberAt(first.instancePath, firstName(first.params))} must be given`;
  }
  const place = memberAt(first.instancePath);
  const expected = describedAt(first.schemaPath) ?? 'of another kind';
  return `${place === '' ? 'it' : place} must be ${expected}`;
}

/** What an error is about has one member, a list of names. */
function firstName(params: object): string {
  const [names] = Object.values(params) as string[][];
  return names?.[0] ?? '';
}

/** `/schedule/0/min` as `schedule[0].min`. */
function memberAt(pointer: string, name?: string): string {
  const parts = [...pointer.split('/').slice(1), ...(name === undefined ? [] : [name])];
  return parts.reduce((path, part) => {
    if (/^\d+$/.test(part)) return `${path}[${part}]`;
    return path === '' ? part : `${path}.${part}`;
  }, '');
}

/** What the schema at a pointer says that it wants. */
function describedAt(pointer: string): string | undefined {
  let at: unknown = File;
  for (const part of pointer.split('/').slice(1)) {
    at = (at as Record<string, unknown> | undefined)?.[part];
  }
  return (at as { description?: string } | undefined)?.description;
}
