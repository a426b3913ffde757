/** How many there are of a role, and how they do. What nobody says is undefined. */
export interface RoleSample {
  /** How many run, as far as they show a sign of life. */
  running: number | undefined;
  /** How many there are by who starts them. */
  counted?: number | undefined;
  /** Of those, the ones that said how they do. */
  heard: number;
  /** Mean share of its time for which each was busy, 0 to 1. */
  cpu?: number | undefined;
  /** Searches a second, of all together. */
  qps?: number | undefined;
  /** Share that is used of the fullest's memory, 0 to 1. */
  memory?: number | undefined;
  /** All are on one machine, whose memory it is: one more would need more of it. */
  isOneMachine?: boolean;
  /** Jobs that wait. */
  queue?: number | undefined;
  /** Nodes are past their bound, and nothing that could be moved would help. */
  isFull?: boolean | undefined;
}

/** A change that was begun. */
export interface Change {
  /** Epoch milliseconds. */
  atMs: number;
  from: number;
  to: number;
  /** Nothing came of it. */
  hasFailed?: boolean;
}

/** Figures of some time ago. */
export interface Seen {
  /** Epoch milliseconds. */
  atMs: number;
  qps?: number;
  /** How many would be busy all the time. */
  busy?: number;
  queue?: number;
}

/** The most that ran, and when. */
export interface Ran {
  count: number;
  /** Epoch milliseconds. */
  atMs: number;
}

/** What is remembered of a role from one look to the next. */
export interface RoleState {
  /** Of the last two hours, oldest first. */
  changes: readonly Change[];
  /** As long as fewer are only enough if they were so all the time, oldest first. */
  seen: readonly Seen[];
  /** What was ordered last, however long ago. */
  ordered?: number;
  ran?: Ran;
}

export const NO_STATE: RoleState = { changes: [], seen: [] };
