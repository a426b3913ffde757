import { randomUUID } from 'node:crypto';
import { OmniSearchError } from '../../client/errors.js';
import type { Config } from '../../config/settings.js';
import { problemOf } from '../api-problem.js';
import { MoveError } from '../move/move.js';
import { complain, print, WRONG_USAGE } from '../terminal.js';
import { balance } from './balance.js';
import { Installation } from './installation.js';
import { Side } from './side.js';
import { Walk, type Progress } from './walk.js';

const COULD_NOT = 1;
const USAGE =
  'usage: omnisearch migrate start | next | run | resume | pause | rollback | finish | forget | status';
const ACTIONS = [
  'start',
  'next',
  'run',
  'resume',
  'pause',
  'rollback',
  'finish',
  'forget',
] as const;
type Action = (typeof ACTIONS)[number];

type MigrateConfig = Pick<
  Config,
  'url' | 'adminKey' | 'to' | 'toHost' | 'toAdminKey' | 'back' | 'out' | 'mapFor' | 'reload'
> &
  Pick<Config, 'holdMs' | 'dwellMs' | 'once' | 'json'>;

/**
 * `omnisearch migrate …`: takes all tenants of an installation to another. Resolves with the exit code: 0; 1 when it
 * could not; 2 for wrong usage. Ended anywhere, it is gone on with by `resume`.
 *
 *   start (--to URL | --to-host URL)   copies, and keeps the copy up until it is told to stop
 *   next                               the next step, and keeps the copy up there
 *   run                                all steps, begun here or before, up to the one where all is at the new one
 *   resume                             what was begun of a step; and keeps the copy up
 *   pause                              all requests to the old one again, nothing is kept up
 *   rollback                           all to the old one, writes that the new one took included
 *   finish | forget                    the records of it go, at the end or after a rollback
 *   status                             how far it is
 */
export async function runMigrate(
  config: MigrateConfig,
  words: readonly string[],
  stop: AbortSignal,
): Promise<number> {
  const [action = '', ...rest] = words;
  const known = ACTIONS.find((one) => one === action);
  if ((known === undefined && action !== 'status') || rest.length > 0) {
    return complain(WRONG_USAGE, USAGE);
  }
  try {
    const from = new Side(new Installation(config.url, config.adminKey, randomUUID()));
    await from.read();
    if (known === undefined) return status(config, from);
    const walk = await open(config, known, from, stop);
    await act(known, walk, config, stop);
    return 0;
  } catch (error) {
    if (stop.aborted) return complain(COULD_NOT, 'stopped: omnisearch migrate resume');
    if (error instanceof OmniSearchError) return complain(COULD_NOT, problemOf(error));
    if (error instanceof MoveError) return complain(COULD_NOT, error.message);
    throw error;
  }
}

async function open(
  config: MigrateConfig,
  action: Action,
  from: Side,
  stop: AbortSignal,
): Promise<Walk> {
  const url = addressOf(config.toHost ?? config.to ?? from.handover?.peer);
  const to = new Side(new Installation(url, config.toAdminKey ?? config.adminKey, from.at.walker));
  await to.read();
  const walk = new Walk({
    ...{ from, to, stop, holdMs: config.holdMs, say: print },
    balance: async (weights) => {
      if (walk.progress?.isHost !== true) await balance(config, from.at, url, weights);
    },
  });
  const isNew = walk.progress === undefined || walk.progress.step === 'rolled-back';
  if (action === 'start' || (action === 'run' && isNew)) {
    const old = addressOf(config.back ?? config.url);
    await walk.begin(config.toHost !== undefined, { old, new: url });
  } else await walk.takeOver();
  return walk;
}

async function act(
  action: Action,
  walk: Walk,
  { once, dwellMs }: MigrateConfig,
  stop: AbortSignal,
): Promise<void> {
  if (action === 'pause') return walk.pause();
  if (action === 'rollback') return walk.rollBack();
  if (action === 'finish') return walk.finish();
  if (action === 'forget') return walk.forget();
  if (action === 'run') {
    while (!isOver(walk)) {
      await walk.next();
      await walk.follow(walk.progress?.step.startsWith('canary') === true ? dwellMs : 0);
      stop.throwIfAborted();
    }
    return;
  }
  const step = walk.progress?.step;
  const isHalf = step === 'copying' || step === 'cutting' || step === 'returning';
  if (action !== 'resume' || isHalf) await walk.next();
  await (once ? walk.follow(0) : walk.follow());
}

/** Nothing follows by itself. */
function isOver({ progress }: Walk): boolean {
  return progress === undefined || ['cut', 'done', 'rolled-back'].includes(progress.step);
}

function status({ json }: Pick<Config, 'json'>, { handover, at }: Side): number {
  if (json) print(JSON.stringify({ handover: handover ?? null }));
  else if (handover === undefined) print(`nothing is handed over at ${at.url}`);
  else {
    const { writes, reads, peer, walk } = handover;
    print(`at ${(walk as unknown as Progress).step}; the other is ${peer}`);
    print(`writes: ${writes}, reads: ${reads}`);
  }
  return 0;
}

function addressOf(url: string | undefined): string {
  if (url === undefined) throw new MoveError('migrate needs --to URL, or --to-host URL');
  if (/^https?:\/\/[^\s/]+\/?$/.test(url)) return new URL(url).origin;
  throw new MoveError('--to must be http://… or https://…, with host and port alone');
}
