import { lineThrough } from '../least-squares.js';
import type { Policy, RolePolicy } from './policy.js';
import type { RoleSample, Seen } from './sample.js';

/** What one figure says of how many there should be. */
export interface Signal {
  name: 'qps' | 'cpu' | 'memory' | 'queue' | 'shards';
  /** The figure, and its bound, for people. */
  text: string;
  /** The fewest that carry what there is now, and what is coming before more could help. */
  need: number;
  /** The fewest that carry the most of the last minutes and have some to spare. */
  enough: number;
  /** It says by itself that there are too many. */
  isLow: boolean;
}

export interface Looked {
  sample: RoleSample;
  /** Oldest first, the sample's own last. */
  seen: readonly Seen[];
  /** How far ahead is to be looked. */
  aheadMs: number;
}

/** A rise is told from so many figures. */
const SLOPE_OF = 4;
/** What is coming is at most so many times what is there: a rise does not go on for ever. */
const MOST_RISE = 1.5;

const NEW_RISE = 1.05;

/** What each figure of a sample says; figures that nobody gave say nothing. */
export function signalsOf(
  looked: Looked,
  role: RolePolicy,
  { hysteresis }: Pick<Policy, 'hysteresis'>,
): Signal[] {
  const { running = 0 } = looked.sample;
  const spare = 1 - hysteresis;
  return [
    qpsSignal(looked, role, running, spare),
    cpuSignal(looked, role, running, spare),
    memorySignal(looked, role, running, spare),
    queueSignal(looked, role, running),
    shardSignal(looked, running),
  ].filter((signal) => signal !== undefined);
}

function qpsSignal(
  { sample: { qps }, seen, aheadMs }: Looked,
  { qpsPerNode }: RolePolicy,
  running: number,
  spare: number,
): Signal | undefined {
  if (qps === undefined || qpsPerNode === undefined) return undefined;
  const before = seen.slice(0, -SLOPE_OF).map((each) => each.qps ?? 0);
  const most = Math.max(...seen.map((each) => each.qps ?? 0), qps);
  // What was there a while ago and is there again is no rise that goes on.
  const isNew = qps > Math.max(0, ...before) * NEW_RISE;
  const rise = isNew ? risePerMs(seen) * aheadMs : 0;
  const coming = Math.min(qps * MOST_RISE, qps + rise);
  const enough = atLeast1(Math.max(coming, most) / (qpsPerNode * spare));
  const soon = coming > qps * NEW_RISE ? `, ${shown(coming)} soon` : '';
  return {
    name: 'qps',
    text: `${shown(qps)} searches a second${soon}, ${qpsPerNode} a node`,
    need: atLeast1(coming / qpsPerNode),
    ...{ enough, isLow: enough < running },
  };
}

/** Of searches a second, a millisecond; 0 where they do not rise. The slope of the line through the last ones. */
function risePerMs(seen: readonly Seen[]): number {
  const last = seen.filter(({ qps }) => qps !== undefined).slice(-SLOPE_OF);
  if (last.length < 2) return 0;
  const { slope = 0 } = lineThrough(last.map(({ atMs, qps = 0 }) => ({ x: atMs, y: qps })));
  return Math.max(0, slope);
}

function cpuSignal(
  { sample: { cpu }, seen }: Looked,
  { cpu: bounds }: RolePolicy,
  running: number,
  spare: number,
): Signal | undefined {
  if (cpu === undefined || bounds === undefined) return undefined;
  const { up, down } = bounds;
  const busy = cpu * running;
  const most = Math.max(...seen.map((each) => each.busy ?? 0), busy);
  const enough = atLeast1(most / (up * spare));
  // One that is busy all the time hides how much more there is to do: what is not known of it, the next look tells.
  const wanted = Math.max(running + 1, Math.ceil(busy / (up * spare)));
  return {
    name: 'cpu',
    text: `${percent(cpu)} busy, bounds ${percent(down)} and ${percent(up)}`,
    need: cpu > up ? wanted : 1,
    ...{ enough, isLow: cpu < down && enough < running },
  };
}

function memorySignal(
  { sample: { memory, isOneMachine = false } }: Looked,
  { memory: bound }: RolePolicy,
  running: number,
  spare: number,
): Signal | undefined {
  if (memory === undefined || bound === undefined || isOneMachine) return undefined;
  return {
    name: 'memory',
    text: `${percent(memory)} of memory used, bound ${percent(bound)}`,
    need: memory > bound ? running + 1 : 1,
    enough: memory > bound * spare ? running : 1,
    isLow: false,
  };
}

function queueSignal(
  { sample: { queue }, seen }: Looked,
  { queue: bounds }: RolePolicy,
  running: number,
): Signal | undefined {
  if (queue === undefined || bounds === undefined) return undefined;
  const { up, down } = bounds;
  const wanted = Math.ceil((running * queue) / up);
  const most = Math.max(...seen.map((each) => each.queue ?? 0), queue);
  return {
    name: 'queue',
    text: `${queue} jobs wait, bounds ${down} and ${up}`,
    need: queue > up ? Math.max(running + 1, Math.min(2 * running, wanted)) : 0,
    enough: most < down ? Math.max(0, running - 1) : running,
    isLow: most < down,
  };
}

/** A shard node is never one too many by itself: what lies there would have to move first. */
function shardSignal({ sample: { isFull, memory } }: Looked, running: number): Signal | undefined {
  if (isFull === undefined) return undefined;
  const used = memory === undefined ? '' : `, the fullest ${percent(memory)}`;
  return {
    name: 'shards',
    text: isFull ? `no shard node can take more${used}` : `shard nodes have room${used}`,
    need: isFull ? running + 1 : 1,
    ...{ enough: running, isLow: false },
  };
}

function atLeast1(count: number): number {
  return Math.max(1, Math.ceil(count));
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function shown(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}
