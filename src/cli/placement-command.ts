import { OmniSearchError } from '../client/errors.js';
import type { Config } from '../config/settings.js';
import { problemOf } from './api-problem.js';
import { awaitSettled } from './await-settled.js';
import { drainNode } from './drain-node.js';
import { mergePartitions } from './merge-partitions.js';
import {
  PlacementClient,
  type ChangedBody,
  type Choice,
  type DryRunBody,
  type PlanBody,
} from './placement-client.js';
import { clusterLines, dryRunLines, partitionLines, planLines } from './placement-tables.js';
import { complain, print, WRONG_USAGE } from './terminal.js';

const COULD_NOT = 1;
const DEFAULT_TENANT = 'default';
const USAGE =
  'usage: omnisearch placement show | plan | apply | move | pin | unpin | split | merge | ' +
  'drain NODE | undrain NODE';

type PlacementConfig = Pick<
  Config,
  'url' | 'adminKey' | 'tenant' | 'json' | 'to' | 'partition' | 'category' | 'dryRun' | 'wait'
>;

/**
 * `omnisearch placement …`. Resolves with the exit code: 0; 1 when it could not; 2 for wrong usage.
 *
 *   show [--tenant T]                                        the nodes, what lies on them, and advice
 *   plan                                                     what would have to move, and advice
 *   apply [--dry-run] [--wait]                               has it move
 *   move --category C | --partition ID --to NODES [--wait]   has partitions lie on these nodes
 *   pin | unpin --category C | --partition ID                they stay there, or not any more
 *   split --category C | --partition ID                      out of the rest, or into halves
 *   merge --category C | --partition ID                      ends when two are one
 *   drain NODE [--dry-run]                                   ends when nothing is left on the node
 *   undrain NODE                                             anything may be placed on it again
 *
 * With --dry-run all that changes something only says what it would come to.
 */
export async function runPlacement(
  config: PlacementConfig,
  words: readonly string[],
): Promise<number> {
  const [action = '', ...operands] = words;
  const client = new PlacementClient(config);
  try {
    if (action === 'drain' || action === 'undrain') {
      const [node] = operands;
      if (node === undefined || operands.length > 1) {
        return complain(WRONG_USAGE, `placement ${action} needs the name of one node`);
      }
      return action === 'drain'
        ? await drain(client, node, config)
        : await undrain(client, node, config);
    }
    if (operands.length > 0) return complain(WRONG_USAGE, USAGE);
    return await run(action, client, config);
  } catch (error) {
    if (error instanceof OmniSearchError) return complain(COULD_NOT, problemOf(error));
    throw error;
  }
}

async function run(
  action: string,
  client: PlacementClient,
  config: PlacementConfig,
): Promise<number> {
  const { json } = config;
  switch (action) {
    case 'show': {
      const cluster = await client.cluster(config.tenant);
      return tell(json, cluster, () => clusterLines(cluster));
    }
    case 'plan': {
      const plan = await client.plan();
      return tell(json, plan, () => planLines(plan));
    }
    case 'apply':
      return apply(client, config);
    case 'move':
      return move(client, config);
    case 'pin':
    case 'unpin':
      return pin(client, config, action);
    case 'split':
    case 'merge':
      return reshape(client, config, action);
    default:
      return complain(WRONG_USAGE, USAGE);
  }
}

async function apply(client: PlacementClient, config: PlacementConfig): Promise<number> {
  const { json, dryRun } = config;
  const plan = dryRun ? await client.plan() : await client.apply();
  const isBegun = !dryRun && plan.total.moves > 0;
  const begun = isBegun ? ['begun: placement show says how far it is'] : [];
  const code = tell(json, plan, () => [...planLines(plan), ...(config.wait ? [] : begun)]);
  return isBegun ? untilServing(client, config, code) : code;
}

async function move(client: PlacementClient, config: PlacementConfig): Promise<number> {
  const choice = choiceOf(config);
  const to = config.to?.split(',').map((name) => name.trim());
  if (choice === undefined || to === undefined) {
    return complain(
      WRONG_USAGE,
      'placement move needs --to NODES, and --category NAME or --partition ID',
    );
  }
  const changed = await client.move(choice, to);
  const { partitions } = changed;
  if (isDryRun(changed)) return tell(config.json, changed, () => dryRunLines(changed));
  const hint = partitions.some(({ pinned }) => pinned !== true)
    ? ['placement pin keeps it there, whatever is planned']
    : [];
  const code = tell(config.json, { partitions }, () => [...partitionLines(partitions), ...hint]);
  return untilServing(client, config, code);
}

/** With `--wait`: until nothing moves any more. */
async function untilServing(
  client: PlacementClient,
  { wait, json }: PlacementConfig,
  code: number,
): Promise<number> {
  if (!wait) return code;
  const isDone = await untilStopped(async (signal) => {
    await awaitSettled(client, sayOf(json), signal);
    return true;
  });
  if (isDone === undefined) return complain(COULD_NOT, 'what was begun goes on');
  if (!json) print('everything serves');
  return code;
}

async function pin(
  client: PlacementClient,
  config: PlacementConfig,
  action: 'pin' | 'unpin',
): Promise<number> {
  const choice = choiceOf(config);
  if (choice === undefined) {
    return complain(WRONG_USAGE, `placement ${action} needs --category NAME or --partition ID`);
  }
  const changed = await client.pin(choice, action === 'pin');
  const { partitions } = changed;
  if (isDryRun(changed)) return tell(config.json, changed, () => dryRunLines(changed));
  return tell(config.json, { partitions }, () => partitionLines(partitions));
}

async function reshape(
  client: PlacementClient,
  { json, ...config }: PlacementConfig,
  action: 'split' | 'merge',
): Promise<number> {
  const choice = choiceOf(config);
  if (choice === undefined) {
    return complain(WRONG_USAGE, `placement ${action} needs --category NAME or --partition ID`);
  }
  if (config.dryRun) {
    const changed = await client[action](choice);
    return tell(json, changed, () => (isDryRun(changed) ? dryRunLines(changed) : []));
  }
  const partitions =
    action === 'split'
      ? (await client.split(choice)).partitions
      : await untilStopped((signal) => mergePartitions(client, choice, sayOf(json), signal));
  if (partitions === undefined) return complain(COULD_NOT, 'the merge was given up');
  const hint = 'pinned: placement unpin lets it be cut, joined and moved again';
  return tell(json, { partitions }, () => [...partitionLines(partitions), hint]);
}

async function drain(
  client: PlacementClient,
  node: string,
  { json, dryRun }: PlacementConfig,
): Promise<number> {
  if (dryRun) {
    const plan: PlanBody = await client.plan(node);
    return tell(json, plan, () => planLines(plan));
  }
  const isDone = await untilStopped(async (signal) => {
    await drainNode(client, node, sayOf(json), signal);
    return true;
  });
  if (isDone === undefined) {
    const how = `placement undrain ${node} has partitions placed on it again`;
    return complain(COULD_NOT, `the drain of ${node} goes on; ${how}`);
  }
  const reply = { node, drained: true, left: { partitions: 0, rows: 0 } };
  return tell(json, reply, () => [`nothing is left on ${node}`]);
}

/** With --json standard output is the answer alone. */
function sayOf(json: boolean): (line: string) => void {
  return (line) => {
    if (json) process.stderr.write(`${line}\n`);
    else print(line);
  };
}

/** What `work` comes to; undefined where the user ends it first. */
async function untilStopped<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  process.once('SIGINT', stop);
  try {
    return await work(stopped.signal);
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
    return undefined;
  } finally {
    process.off('SIGINT', stop);
  }
}

async function undrain(
  client: PlacementClient,
  node: string,
  { json }: PlacementConfig,
): Promise<number> {
  await client.undrain(node);
  const lines = [`partitions may be placed on ${node} again; placement apply moves some there`];
  return tell(json, { node, drained: false }, () => lines);
}

/** Undefined where not exactly one of the two is named. */
function choiceOf({
  tenant,
  partition,
  category,
  dryRun,
}: Pick<PlacementConfig, 'tenant' | 'partition' | 'category' | 'dryRun'>): Choice | undefined {
  if ((partition === undefined) === (category === undefined)) return undefined;
  const choice = { tenant: tenant ?? DEFAULT_TENANT, partition, category };
  return dryRun ? { ...choice, dry_run: true } : choice;
}

function isDryRun(changed: ChangedBody): changed is DryRunBody {
  return changed.dry_run === true;
}

function tell(json: boolean, reply: object, lines: () => readonly string[]): number {
  if (json) print(JSON.stringify(reply));
  else for (const line of lines()) print(line);
  return 0;
}
