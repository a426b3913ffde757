import type { Policy, Role, RolePolicy, Window } from './policy.js';
import type { Change, RoleSample, RoleState, Seen } from './sample.js';
import { signalsOf, type Signal } from './signals.js';
import { howMany, KEPT_MS, orderedOf, ranOf, type There } from './there.js';

const HOUR_MS = 3_600_000;
/** What was taken away and missed within the one is not taken away again for the other. */
const MISSED_WITHIN_MS = 1_800_000;
/** Of what is remembered, the last ones as they were; of those before one for such a part of the time, with the most of each figure. */
const SEEN_APART = 1 / 60;
const SEEN_LATELY = 5;
/** Of the changes of an hour, the part that may take away: the rest is for when more is needed. */
const DOWN_PART = 0.5;
/** Of the same, the part that may be made as they come: those that are left are spread over what is left of the hour. */
const UNSPREAD_PART = 0.5;

/** What is to be done about a role, and why. */
export interface Verdict {
  role: Role;
  /** How many there are, or will be once what was begun is there; undefined: nobody says. */
  from: number | undefined;
  /** The same as `from` where nothing is to be done. */
  to: number | undefined;
  /** In words. */
  reason: string;
  /** At least so many by the policy and its schedule. */
  floor: number;
  signals: readonly Signal[];
  /** To be given at the next look, with the change in it where there is one. */
  state: RoleState;
}

interface Now {
  role: Role;
  sample: RoleSample;
  state: RoleState;
  /** Epoch milliseconds. */
  nowMs: number;
}

/**
 * Whether there should be more or fewer of a role. A pure function: what it is told decides, and nothing else.
 *
 *   more    the largest need of all figures, or the floor of the schedule
 *   fewer   one figure says so by itself, all have some to spare with what is left, for `downAfterMs`
 *   neither nobody says how many run, or how all of them do; a change was just made, or enough of them this hour
 *
 * Of a role that nobody says anything of nothing is ever taken away, neither by an order for more than are heard of, but
 * fewer than there are.
 */
export function decide(policy: Policy, now: Now): Verdict {
  const { role, sample, nowMs } = now;
  const bounds = policy.roles[role];
  if (bounds === undefined) throw new RangeError(`the policy has no ${role}`);
  const windows = openWindows(policy, role, nowMs);
  const floor = Math.min(bounds.max, Math.max(bounds.min, ...windows.map(({ min }) => min)));
  const changes = now.state.changes.filter(({ atMs }) => atMs <= nowMs && atMs > nowMs - KEPT_MS);
  const before = { ...now.state, changes };
  const ordered = orderedOf(now.state);
  const ran = ranOf(policy, bounds, { ...now, state: before });
  const known = { ...before, ...(ordered !== undefined && { ordered }), ...(ran && { ran }) };
  const there = howMany(policy, bounds, { sample, state: known, nowMs });
  // Who is not heard does as those who are.
  const carried = { ...sample, running: there?.carrying };
  const state: RoleState = {
    ...known,
    seen: remembered(policy, bounds, { ...now, sample: carried }),
  };
  const aheadMs = lookAhead(policy, bounds, changes, nowMs);
  const looked = { sample: carried, seen: lately(policy, state.seen, nowMs), aheadMs };
  const signals = there === undefined ? [] : signalsOf(looked, bounds, policy);
  const from = there?.from;
  const wish = wishOf({ ...now, policy, bounds, signals, floor, windows, there, state });
  const verdict = { role, from, floor, signals };
  const held = (reason: string): Verdict => ({ ...verdict, to: from, reason, state });
  if (from === undefined || wish.to === undefined || wish.to === from) return held(wish.reason);
  const why = heldBack(policy, changes, nowMs, wish.to > from);
  if (why !== undefined) return held(`${why}; would be ${wish.to}: ${wish.reason}`);
  const change: Change = { atMs: nowMs, from, to: wish.to };
  const changed = { ...state, changes: [...changes, change] };
  return { ...verdict, to: wish.to, reason: wish.reason, state: changed };
}

/** The same state, with the last change marked as one of which nothing came. */
export function failed(state: RoleState): RoleState {
  const last = state.changes.at(-1);
  if (last === undefined) return state;
  return { ...state, changes: [...state.changes.slice(0, -1), { ...last, hasFailed: true }] };
}

/** Those that begin and have not ended. */
function openWindows({ schedule }: Policy, role: Role, nowMs: number): Window[] {
  return schedule.filter((each) => {
    const [fromMs, untilMs] = [each.from.lastMs(nowMs), each.until.lastMs(nowMs)];
    return (
      each.role === role && fromMs !== undefined && !(untilMs !== undefined && untilMs > fromMs)
    );
  });
}

/** Figures of as long ago as matters, with the sample's. */
function remembered(
  { downAfterMs }: Policy,
  { everyMs }: RolePolicy,
  { sample, state, nowMs }: Now,
): Seen[] {
  const { running, cpu, qps, queue } = sample;
  // One of before that has to be among them, which tells that all of it was looked at.
  const apartMs = downAfterMs * SEEN_APART;
  const fromMs = nowMs - downAfterMs - 2 * everyMs - apartMs;
  const seen = state.seen.filter(({ atMs }) => atMs < nowMs && atMs >= fromMs);
  const own: Seen = {
    atMs: nowMs,
    ...(qps === undefined ? {} : { qps }),
    ...(cpu === undefined || running === undefined ? {} : { busy: cpu * running }),
    ...(queue === undefined ? {} : { queue }),
  };
  return [...thinned(seen, apartMs), own];
}

/** Those of the time in which fewer have to have been enough. */
function lately({ downAfterMs }: Policy, seen: readonly Seen[], nowMs: number): Seen[] {
  const fromMs = nowMs - downAfterMs * (1 + SEEN_APART);
  return seen.filter(({ atMs }) => atMs >= fromMs);
}

/** So few that they can be kept, however often is looked. */
function thinned(seen: readonly Seen[], apartMs: number): Seen[] {
  const kept: Seen[] = [];
  for (const [i, each] of seen.entries()) {
    const last = kept.at(-1);
    const isLate = i >= seen.length - SEEN_LATELY;
    const isApart = last === undefined || each.atMs - last.atMs >= apartMs;
    if (isLate || isApart) kept.push(each);
    else kept[kept.length - 1] = mostOf(last, each);
  }
  return kept;
}

function mostOf(one: Seen, other: Seen): Seen {
  const most: Seen = { atMs: one.atMs };
  for (const figure of ['qps', 'busy', 'queue'] as const) {
    const values = [one[figure], other[figure]].filter((value) => value !== undefined);
    if (values.length > 0) most[figure] = Math.max(...values);
  }
  return most;
}

/** How many there were before some were taken away that were missed soon after: the most of it, 0 where that was not. */
function missed(changes: readonly Change[]): number {
  return changes.reduce((most, down, i) => {
    const isMissed = changes.slice(i).some(({ atMs, to }) => {
      return to >= down.from && atMs - down.atMs <= MISSED_WITHIN_MS;
    });
    return down.to < down.from && isMissed ? Math.max(most, down.from) : most;
  }, 0);
}

/**
 * Until one that is started now helps. Where much of the hour's changes is used, until the next one may be made: each is
 * to last for longer then.
 */
function lookAhead(
  { startMs, upAfterMs, changesPerHour }: Policy,
  { everyMs }: RolePolicy,
  changes: readonly Change[],
  nowMs: number,
): number {
  const soonMs = startMs + Math.max(upAfterMs, everyMs);
  const made = madeOf(changes, nowMs);
  const [oldest] = made;
  if (oldest === undefined || made.length < UNSPREAD_PART * changesPerHour) return soonMs;
  const left = Math.max(1, changesPerHour - made.length);
  return Math.max(soonMs, (oldest.atMs + HOUR_MS - nowMs) / left);
}

/** Those of the last hour of which something came. */
function madeOf(changes: readonly Change[], nowMs: number): Change[] {
  return changes.filter(({ atMs, hasFailed }) => hasFailed !== true && atMs > nowMs - HOUR_MS);
}

interface Weighed extends Now {
  policy: Policy;
  bounds: RolePolicy;
  signals: readonly Signal[];
  floor: number;
  windows: readonly Window[];
  there: There | undefined;
}

interface Wish {
  to: number | undefined;
  reason: string;
}

/** How many there should be, whatever was changed lately. */
function wishOf(weighed: Weighed): Wish {
  const { there, signals, floor, windows, bounds, sample } = weighed;
  if (there === undefined) return { to: undefined, reason: 'nobody says how many run' };
  const { from, size } = there;
  const neediest = most(signals, ({ need }) => need);
  const need = Math.min(bounds.max, Math.max(neediest?.need ?? 0, notCome(weighed, from)));
  if (Math.max(need, floor) <= from) return notUpwards(fewer(weighed, there), weighed, from);
  const isFloor = need <= floor;
  const isFull = sample.isOneMachine === true && (sample.memory ?? 0) > (bounds.memory ?? 1);
  if (!isFloor && isFull) {
    const why = 'the memory of the machine is past its bound, nothing is added';
    // What has to be there is, whatever the machine says.
    return { to: Math.max(from, floor), reason: why };
  }
  // What was ordered and did not come is not ordered away.
  const to = Math.max(need, floor, size);
  const { counted = 0 } = sample;
  if (to <= counted)
    return { to: from, reason: `${counted} are there by COUNT: they are waited for` };
  return { to, reason: isFloor ? floorReason(windows, floor) : (neediest?.text ?? '') };
}

/** An order for fewer must not be one for more than are counted: some of those that run may be of elsewhere. */
function notUpwards(wish: Wish, { sample: { counted } }: Weighed, from: number): Wish {
  const { to = from } = wish;
  if (to >= from || counted === undefined || to < counted) return wish;
  return { to: from, reason: `${counted} are there by COUNT: none is taken away` };
}

/** What was asked for, and did not come in time: while more are needed, no fewer are asked for. */
function notCome({ state, signals }: Weighed, from: number): number {
  const last = state.changes.at(-1);
  const isShort = signals.some(({ need }) => need > from);
  return isShort && last !== undefined && last.to > last.from ? last.to : 0;
}

function fewer(
  { sample, signals, floor, policy, bounds, state, nowMs }: Weighed,
  { from, size }: There,
): Wish {
  const stay = (reason: string): Wish => ({ to: from, reason });
  const { running = 0, heard } = sample;
  if (signals.length === 0) return stay('nobody says how they do');
  const all = Math.max(running, size);
  if (heard < all) return stay(`${heard} of ${all} say how they do: none is taken away`);
  const { max } = bounds;
  if (from > max) return { to: max, reason: `at most ${max} by the policy` };
  const low = signals.find(({ isLow }) => isLow);
  if (low === undefined) return stay(signals.map(({ text }) => text).join('; '));
  if (running !== from) return stay(`${running} of ${from} run yet`);
  const [first] = state.seen;
  if (first === undefined || nowMs - first.atMs < policy.downAfterMs) {
    return stay('it was not looked at for long enough to take any away');
  }
  const least = most(signals, (signal) => signal.enough);
  const missedOf = missed(state.changes);
  const enough = Math.max(floor, missedOf, least?.enough ?? 0);
  if (enough < from) return { to: enough, reason: low.text };
  if (least !== undefined && least.enough >= from) return stay(least.text);
  if (floor >= from) return stay(`at least ${floor} by the policy`);
  return stay(`fewer than ${missedOf} were too few within the last two hours`);
}

function floorReason(windows: readonly Window[], floor: number): string {
  const open = windows.find(({ min }) => min >= floor);
  return open === undefined ? `at least ${floor} by the policy` : `scheduled: ${open.text}`;
}

/** Why a change that is wished for is not made now. */
function heldBack(
  { upAfterMs, downAfterMs, changesPerHour }: Policy,
  changes: readonly Change[],
  nowMs: number,
  isUp: boolean,
): string | undefined {
  const last = changes.at(-1);
  const leftMs = (last?.atMs ?? -Infinity) + (isUp ? upAfterMs : downAfterMs) - nowMs;
  if (leftMs > 0) return `cooling down for ${Math.ceil(leftMs / 1_000)} s more`;
  const made = madeOf(changes, nowMs).length;
  const allowed = isUp ? changesPerHour : Math.max(1, Math.floor(DOWN_PART * changesPerHour));
  if (made < allowed) return undefined;
  return `${made} changes within the hour, ${isUp ? '' : 'the rest is kept for when more are needed, '}at most ${changesPerHour}`;
}

function most<T>(items: readonly T[], of: (item: T) => number): T | undefined {
  return items.reduce<T | undefined>((best, item) => {
    return best === undefined || of(item) > of(best) ? item : best;
  }, undefined);
}
