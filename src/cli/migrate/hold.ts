import { setTimeout as sleep } from 'node:timers/promises';
import { RepeatedWork } from '../../core/repeated-work.js';
import { MoveError } from '../move/move.js';
import { copyRecords, type RowCopy } from './copy.js';
import type { Installation } from './installation.js';
import { ReleasedError, type Side } from './side.js';
import { requireNoneArchived } from './begin.js';
import { mapTurns } from './turns.js';

/** All nodes know within a quarter of a second, and what they had let in is stored, or waits, a second later. */
const SETTLE_MS = 2_000;
const BEAT_MS = 1_000;
/** Catalogues that are compared at the same time. */
const AT_ONCE = 2;

export interface HoldOptions {
  giver: Side;
  taker: Side;
  copy: RowCopy;
  /** Writes wait for no longer; what is not done by then is given up. */
  holdMs: number;
  /** Ends it as well. */
  stop: AbortSignal;
  say: (line: string) => void;
  /** For tests. */
  settleMs?: number;
}

type Sum = Awaited<ReturnType<Installation['sum']>>;

/** What both hold, once nobody writes. */
interface Compared {
  tenants: number;
  products: number;
  /** How long writes waited until then, ms. */
  heldMs: number;
}

/**
 * Has writes wait, copies what is left, and compares both sides, product by product; then does `commit`. Writes are
 * taken again by the giver where anything fails, also where this process dies: nodes of the giver see to that.
 */
export async function underHold(
  options: HoldOptions,
  commit: (compared: Compared) => Promise<void>,
): Promise<Compared> {
  const { giver, taker, settleMs = SETTLE_MS } = options;
  const begunMs = performance.now();
  const patience = AbortSignal.timeout(options.holdMs);
  await giver.change({ writes: 'held' });
  const beats = [giver, taker].map(beatsOf);
  try {
    const same = await until(patience, options, async (signal) => {
      await sleep(settleMs, undefined, { signal });
      return compareAll(options, signal);
    });
    const compared = { ...same, heldMs: Math.round(performance.now() - begunMs) };
    await Promise.all(beats.map((one) => one.close()));
    requireHeld(giver);
    await commit(compared);
    return compared;
  } catch (error) {
    requireHeld(giver);
    throw error;
  } finally {
    await Promise.all(beats.map((one) => one.close()));
    if (giver.handover?.writes === 'held') await giver.change({ writes: 'here' });
  }
}

/** Has all of it end where writes have waited for long enough, or somebody stops the command. */
async function until<T>(
  patience: AbortSignal,
  { holdMs, stop }: HoldOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.any([patience, stop]);
  try {
    const done = await work(signal);
    signal.throwIfAborted();
    return done;
  } catch (error) {
    if (!patience.aborted || stop.aborted) throw error;
    throw new MoveError(
      `it takes longer than ${holdMs / 1_000} s to compare the two: try when less is written, or with a longer --hold-ms`,
    );
  }
}

/** Whatever was compared since it takes writes again says nothing any more. Throws `ReleasedError`. */
function requireHeld({ handover, at }: Side): void {
  if (handover?.writes === 'here') throw new ReleasedError(at.url);
}

function beatsOf(side: Side): RepeatedWork {
  const beats = new RepeatedWork(() => side.beat().catch(() => undefined), BEAT_MS);
  beats.start();
  return beats;
}

async function compareAll(
  { giver, taker, copy, say }: HoldOptions,
  signal: AbortSignal,
): Promise<Omit<Compared, 'heldMs'>> {
  const { tenants } = await copyRecords(copy.from, copy.to, signal);
  while ((await copy.round(tenants, undefined, signal)) > 0) signal.throwIfAborted();
  const sum = { tenants: tenants.length, products: 0 };
  await mapTurns(tenants, AT_ONCE, async (tenant) => {
    const sides = [giver, taker].map(({ at }) => at.sum(tenant, signal));
    const [source, target] = (await Promise.all(sides)) as [Sum, Sum];
    requireNoneArchived(source.archived > 0 ? [tenant] : []);
    if (source.products !== target.products || source.digest !== target.digest) {
      const texts = [source, target].map(({ products, digest }) => `${products} (${digest})`);
      throw new MoveError(`${tenant} differs: ${texts.join(' products here, there ')}`);
    }
    sum.products += source.products;
    // The way back begins where both hold the same.
    const { position } = target;
    if (position !== undefined) await giver.at.import(tenant, endLine(position), signal);
  });
  for (const tenant of tenants) {
    const lagging = await taker.at.restores.settle(tenant, signal);
    if (lagging.length > 0) throw new MoveError(`${taker.at.url}: ${lagging.join(', ')} lags`);
  }
  say(`both have the same ${sum.products} products of ${sum.tenants} tenants`);
  return sum;
}

function endLine(position: string): string {
  return `${JSON.stringify({ position, at_end: true, price_lists: [] })}\n`;
}
