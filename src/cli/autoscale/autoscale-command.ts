import { join, resolve } from 'node:path';
import { ScalingLog } from '../../cluster/scaling-log.js';
import type { Policy } from '../../capacity/autoscale/policy.js';
import { ConfigError } from '../../config/setting.js';
import type { Config } from '../../config/settings.js';
import { unlessAborted } from '../../core/deadline.js';
import type { Logger } from '../../core/logger.js';
import { CONTROL_SOCKET } from '../../supervisor/control-socket.js';
import { mayBegin, tellSupervisor } from '../../supervisor/lifeline.js';
import { socketsOf } from '../../supervisor/socket-folder.js';
import { openStore } from '../open-store.js';
import { openLogger } from '../open-logger.js';
import { Opened, StartError } from '../run-role.js';
import { complain } from '../terminal.js';
import { Autoscaler } from './autoscaler.js';
import type { Ground } from './ground.js';
import { Hosts } from './hosts.js';
import { policyOf } from './policy-file.js';
import { ThisMachine } from './this-machine.js';
import { explain } from './explain.js';

/**
 * `omnisearch autoscale`: has more or fewer processes run, of this machine's `omnisearch up`, or on hosts by the commands
 * UP and DOWN.
 */
export async function startAutoscale(
  config: Config,
  logger: Logger,
  opened: Opened,
  stopping: AbortSignal,
): Promise<void> {
  const policy = await policyOf(fileOf(config));
  await unlessAborted(mayBegin(), stopping);
  const { ground, log } = await openGround(config, policy, logger, opened);
  const autoscaler = new Autoscaler({ policy, ground, log, logger });
  opened.add(() => autoscaler.close());
  autoscaler.start();
  tellSupervisor({ type: 'ready' });
}

/** The same with DRY_RUN: looks, says what would be done, and does nothing. Resolves with 0, 1 where not all could be told. */
export async function explainAutoscale(config: Config): Promise<number> {
  const { logger, close } = await openLogger(config, 'autoscale');
  const opened = new Opened();
  try {
    const policy = await policyOf(fileOf(config));
    const { ground, log } = await openGround(config, policy, logger, opened);
    return (await explain({ policy, ground, log, json: config.json })) ? 0 : 1;
  } catch (error) {
    if (error instanceof StartError) return complain(1, error.message);
    throw error;
  } finally {
    await opened.close(logger);
    await close();
  }
}

function fileOf({ policy }: Config): string {
  if (policy !== undefined) return policy;
  throw new ConfigError('--policy is needed: a file, see docs/autoscale.md');
}

async function openGround(
  config: Config,
  policy: Policy,
  logger: Logger,
  opened: Opened,
): Promise<{ ground: Ground; log: ScalingLog }> {
  const isOfHosts = config.up !== undefined || config.down !== undefined;
  if (isOfHosts) checkHooks(config, policy);
  else await checkUp(config, policy);
  const store = await openStore(config);
  opened.add(() => store.close());
  const { records } = store;
  const ground: Ground = isOfHosts ? new Hosts({ ...config, records }) : await thisMachine(config);
  opened.add(() => ground.close?.());
  return { ground, log: new ScalingLog(records) };
}

/** Throws `ConfigError` where the commands do not do for what the policy has. */
function checkHooks({ up, down, count }: Config, { roles }: Policy): void {
  if (up === undefined) throw new ConfigError('--up is needed beside --down: what has more run');
  const isUpOnly = Object.keys(roles).every((role) => role === 'shard_nodes');
  if (down === undefined && !isUpOnly) {
    throw new ConfigError('--down is needed beside --up: what has fewer run');
  }
  if (roles.workers !== undefined && count === undefined) {
    throw new ConfigError(
      '--count is needed for workers over hosts: what prints how many there are',
    );
  }
}

/** Throws `StartError` where this machine's `up` is not there, or cannot be changed. */
async function checkUp(config: Config, { roles }: Policy): Promise<void> {
  if (roles.shard_nodes !== undefined) {
    const why = 'a shard node more on the same machine has no more memory';
    throw new ConfigError(`shard_nodes are scaled over hosts only, with --up: ${why}`);
  }
  const machine = await thisMachine(config);
  const processes = await machine.processes().catch((error: unknown) => {
    throw new StartError((error as Error).message);
  });
  if (roles.query_nodes !== undefined && processes.query_nodes.most < 2) {
    const how = 'start up with --policy, or --query-nodes 2';
    throw new StartError(`the only query node has the port for itself: ${how}`);
  }
}

async function thisMachine({ dataDir }: Config): Promise<ThisMachine> {
  return new ThisMachine(join(await socketsOf(resolve(dataDir)), CONTROL_SOCKET));
}
