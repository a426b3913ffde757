import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../core/product.js';
import { RepeatedWork } from '../../core/repeated-work.js';
import { MoveError } from '../move/move.js';
import { isPair, requireBeginnable } from './begin.js';
import { copyRecords, RowCopy } from './copy.js';
import { underHold, type HoldOptions } from './hold.js';
import { compareAnswers } from './samples.js';
import type { Side } from './side.js';
import { aborted } from './turns.js';
import { isFollowed, stepAfter, weightsAt, type Step, type Weights } from './steps.js';

const FOLLOW_EVERY_MS = 1_000;
/** Records seldom change. */
const ROUNDS_PER_RECORDS = 15;
/** Little enough to be copied while writes wait. */
const FEW_ROWS = 100;
const MAX_ROUNDS = 20;

/** What the record of the old installation remembers of the walk. */
export interface Progress {
  step: Step;
  /** No balancer: the other machine takes the place of this one at once. */
  isHost: boolean;
}

interface WalkOptions {
  from: Side;
  to: Side;
  /** Has the balancer send so many of its requests to the new one. */
  balance: (weights: Weights) => Promise<void>;
  holdMs: number;
  say: (line: string) => void;
  stop: AbortSignal;
  settleMs?: number;
}

/**
 * Takes all tenants of an installation to another one, step by step; the records of both say how far it is.
 *
 *                 old: writes  reads    new: writes  reads
 *   copying            here    here          there   followed (nothing is missing yet: there)
 *   following          here    here          there   followed
 *   validated          here    here          there   followed
 *   canary-…           here    here          there   followed
 *   cutting            held    here          there   followed
 *   cut                there   there         here    here
 *   returning          there   there         held    here
 *   rolled-back        here    here          there   there
 *
 * Exactly one side takes writes, or both have them wait: the giver's record changes first, by compare-and-set, and from
 * then on what comes to it waits at the taker until that one's record has changed, too. So a step may end anywhere.
 */
export class Walk {
  private readonly forth: RowCopy;
  private readonly back: RowCopy;
  private rounds = 0;
  private weights: Weights | undefined;

  constructor(private readonly options: WalkOptions) {
    const { from, to, stop } = options;
    this.forth = new RowCopy(from.at, to.at, stop);
    this.back = new RowCopy(to.at, from.at, stop);
  }

  get progress(): Progress | undefined {
    return this.options.from.handover?.walk as unknown as Progress | undefined;
  }

  /** Begins one, or one anew that was rolled back. Rejects `MoveError` where it can not be. */
  async begin(isHost: boolean, addresses: { old: string; new: string }): Promise<void> {
    const { from, to, stop } = this.options;
    await requireBeginnable(from, to, { step: this.progress?.step, stop });
    const id = randomUUID();
    const common = { id, beat: 0 };
    const again = from.handover === undefined ? {} : { again: from.handover.id };
    const walk = { step: 'copying', isHost } satisfies Progress as JsonObject;
    await to.begin({
      ...{ ...common, side: 'new', writes: 'there', reads: 'followed' },
      ...{ peer: addresses.old, walk: again },
    });
    await from.begin({
      ...{ ...common, side: 'old', writes: 'here', reads: 'here' },
      ...{ peer: addresses.new, walk },
    });
  }

  /** Takes over from a command that ended anywhere, or still is at it: it is not listened to any more. */
  async takeOver(): Promise<void> {
    const { from, to } = this.options;
    for (const side of isPair(from, to) ? [from, to] : [from]) {
      if (side.handover !== undefined) {
        // Nobody is copying what they wait for.
        const isHeld = side.handover.writes === 'held';
        await side.change(isHeld ? { writes: 'here' } : {});
      }
    }
  }

  /** One step on; what was begun of one is brought to its end first. Rejects `MoveError`, `OmniSearchError`. */
  async next(): Promise<void> {
    const { step, isHost } = this.required();
    if (step === 'cutting') return this.cut();
    if (step === 'returning') return this.rollBack();
    const next = stepAfter(step, isHost);
    if (next === undefined) throw new MoveError(`there is nothing behind ${step}`);
    if (next === 'following') await this.copyAll();
    if (next === 'validated') await this.validate();
    if (next === 'cutting') return this.cut();
    await this.reach(next);
  }

  /** Keeps the new installation up with the old one until told to stop, or for so long, where the step is one for that. */
  async follow(forMs?: number): Promise<void> {
    const { stop, to, say } = this.options;
    const { step } = this.required();
    await this.balance(step);
    if (!isFollowed(step)) return;
    await to.change({ reads: 'followed' });
    let failure: unknown;
    const done = new AbortController();
    const following = new RepeatedWork(async () => {
      await this.round().catch((error: unknown) => {
        failure ??= error;
        done.abort();
      });
    }, FOLLOW_EVERY_MS);
    following.start();
    const enough = forMs === undefined ? [] : [AbortSignal.timeout(forMs)];
    await aborted(AbortSignal.any([stop, done.signal, ...enough]));
    await following.close();
    if (failure !== undefined && !stop.aborted) throw failure as Error;
    if (!stop.aborted) return;
    // At once, rather than when it is noticed that nobody says any more that nothing is missing.
    await to.change({ reads: 'there' });
    say(`${to.at.url} is not kept up now: omnisearch migrate resume`);
  }

  /** All reads and writes at the old one, which nobody follows any more; the copy stays. */
  async pause(): Promise<void> {
    const { step } = this.required();
    if (!isFollowed(step) && step !== 'copying') {
      throw new MoveError(
        `nothing can be paused at ${step}: omnisearch migrate resume, or rollback`,
      );
    }
    await this.reach(step === 'copying' || step === 'following' ? step : 'validated');
    await this.options.to.change({ reads: 'there' });
  }

  /** Back to the old installation, with all that the new one was sent meanwhile. May be asked for at any step. */
  async rollBack(): Promise<void> {
    const { from, to, say } = this.options;
    const { step } = this.required();
    if (step === 'done')
      throw new MoveError('it is done: there is no way back but another migrate');
    // Writes may have gone over by now: then they come back as any.
    if (step === 'cutting' && from.handover?.writes === 'there') await this.open();
    if (isPair(from, to) && from.handover?.writes === 'there') await this.giveBack();
    if (from.handover?.writes === 'held') await from.change({ writes: 'here' });
    await this.balance('rolled-back');
    if (isPair(from, to)) await to.change({ writes: 'there', reads: 'there' });
    await this.reach('rolled-back');
    say(`${from.at.url} has all again`);
  }

  /** Both forget: there is no way back from here. The old one goes on to send what comes to it to the new one. */
  async finish(): Promise<void> {
    const { from, to } = this.options;
    const { step } = this.required();
    if (step !== 'cut' && step !== 'done') throw new MoveError('it is not at cut');
    if (step === 'cut') await this.reach('done');
    if (isPair(from, to)) await to.end();
  }

  /** A walk that was rolled back leaves no record behind. What was copied stays where it is. */
  async forget(): Promise<void> {
    const { from, to } = this.options;
    if (this.required().step !== 'rolled-back') throw new MoveError('it is not at rolled-back');
    if (isPair(from, to)) await to.end();
    await from.end();
  }

  private required(): Progress {
    if (this.progress !== undefined) return this.progress;
    throw new MoveError(
      `nothing was begun at ${this.options.from.at.url}: omnisearch migrate start`,
    );
  }

  private async reach(step: Step): Promise<void> {
    const { from, say } = this.options;
    await from.change({ walk: { ...this.required(), step } });
    await this.balance(step);
    say(`at ${step}`);
  }

  /** Once by each command, in case that the last one ended just before. */
  private async balance(step: Step): Promise<void> {
    const weights = weightsAt(step);
    if (isDeepStrictEqual(weights, this.weights)) return;
    await this.options.balance(weights);
    this.weights = weights;
  }

  private async copyAll(): Promise<void> {
    const { from, to, say } = this.options;
    const { changed, tenants } = await copyRecords(from.at, to.at);
    const rows = await this.forth.round(tenants, say);
    say(`${changed} records and ${rows} rows of ${tenants.length} tenants copied`);
  }

  /** Once more what changed; the new one answers reads by itself for some seconds from then on. */
  private async round(): Promise<void> {
    const { from, to } = this.options;
    const isForRecords = this.rounds++ % ROUNDS_PER_RECORDS === 0;
    if (isForRecords) this.tenants = (await copyRecords(from.at, to.at)).tenants;
    await this.forth.round(this.tenants);
    await to.beat();
    // Another command may have begun.
    if (isForRecords) await from.beat();
  }

  private tenants: string[] = [];

  private async validate(): Promise<void> {
    const { from, say } = this.options;
    await this.catchUp(this.forth);
    const { heldMs } = await underHold(this.hold(from, this.options.to, this.forth), async () =>
      from.change({ writes: 'here' }),
    );
    const { tenants } = await copyRecords(from.at, this.options.to.at);
    const answers = await compareAnswers(this.forth, tenants);
    say(`${answers} answers are the same; writes waited for ${heldMs} ms`);
  }

  private async cut(): Promise<void> {
    const { from, to, say } = this.options;
    if (from.handover?.writes !== 'there') {
      await this.reach('cutting');
      await this.catchUp(this.forth);
      const commit = () => from.change({ writes: 'there', reads: 'there' });
      const { heldMs } = await underHold(this.hold(from, to, this.forth), commit);
      say(`writes waited for ${heldMs} ms`);
    }
    await this.open();
    await this.reach('cut');
    const late = await this.forth.late();
    if (late > 0) say(`${late} rows were written at ${from.at.url} too late: see its export`);
  }

  /** The new one takes writes: those that the old one has sent on by now wait for this. */
  private async open(): Promise<void> {
    await this.options.to.change({ writes: 'here', reads: 'here' });
  }

  private async giveBack(): Promise<void> {
    const { from, to, say } = this.options;
    if (to.handover?.writes !== 'there') {
      await this.reach('returning');
      await this.catchUp(this.back);
      const commit = () => to.change({ writes: 'there', reads: 'there' });
      const { heldMs } = await underHold(this.hold(to, from, this.back), commit);
      say(`writes waited for ${heldMs} ms`);
    }
    await from.change({ writes: 'here', reads: 'here' });
  }

  /** Until so little is left that it can be copied while writes wait. */
  private async catchUp(copy: RowCopy): Promise<void> {
    for (let round = 1; round <= MAX_ROUNDS; round++) {
      const { tenants } = await copyRecords(copy.from, copy.to);
      if ((await copy.round(tenants)) <= FEW_ROWS) return;
    }
    throw new MoveError(`more is written at ${copy.from.url} than is copied meanwhile`);
  }

  private hold(giver: Side, taker: Side, copy: RowCopy): HoldOptions {
    const { holdMs, stop, say, settleMs } = this.options;
    return {
      giver,
      taker,
      copy,
      holdMs,
      stop,
      say,
      ...(settleMs === undefined ? {} : { settleMs }),
    };
  }
}
