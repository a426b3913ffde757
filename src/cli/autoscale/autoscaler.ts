import { randomUUID } from 'node:crypto';
import { decide, failed, type Verdict } from '../../capacity/autoscale/decide.js';
import { ROLES, type Policy, type Role } from '../../capacity/autoscale/policy.js';
import { NO_STATE, type RoleSample, type RoleState } from '../../capacity/autoscale/sample.js';
import type { ScalingLog } from '../../cluster/scaling-log.js';
import { reasonOf } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { JsonObject } from '../../core/product.js';
import { RepeatedWork } from '../../core/repeated-work.js';
import type { Ground } from './ground.js';

export interface AutoscalerOptions {
  policy: Policy;
  ground: Ground;
  log: Pick<ScalingLog, 'state' | 'keep' | 'note'>;
  logger: Logger;
  /** Epoch milliseconds; injectable for virtual clocks. */
  now?: () => number;
}

/** A look that comes a little early is none too early. */
const SLACK = 0.05;
const NOBODY: RoleSample = { running: undefined, heard: 0 };

/** As the record of what is remembered has it. */
interface Kept {
  roles: Partial<Record<Role, RoleState>>;
  /** What was seen last of each role, for who shows it. */
  seen: Partial<Record<Role, object>>;
}

/**
 * Looks at each role as often as the policy says, and does what `decide` decides. What it remembers is in the store, so
 * that one that is started again goes on; of two that run, one at a time changes anything.
 */
export class Autoscaler {
  private readonly me = randomUUID();
  private readonly lookedAtMs = new Map<Role, number>();
  private readonly looking: RepeatedWork;
  private readonly now: () => number;
  private problem: string | undefined;

  constructor(private readonly options: AutoscalerOptions) {
    this.now = options.now ?? Date.now;
    const every = Object.values(options.policy.roles).map(({ everyMs }) => everyMs);
    this.looking = new RepeatedWork(() => this.look(), Math.min(...every));
  }

  start(): void {
    this.looking.start();
  }

  close(): Promise<void> {
    return this.looking.close();
  }

  /** Looks at those roles whose turn it is. Never rejects. */
  async look(): Promise<void> {
    try {
      for (const role of this.due()) await this.lookAt(role);
      this.problem = undefined;
    } catch (error) {
      this.complain(`nothing is scaled: ${reasonOf(error)}`);
    }
  }

  private due(): Role[] {
    const { roles } = this.options.policy;
    const nowMs = this.now();
    return ROLES.filter((role) => {
      const everyMs = roles[role]?.everyMs;
      if (everyMs === undefined) return false;
      const last = this.lookedAtMs.get(role) ?? -Infinity;
      if (nowMs >= last && nowMs - last < everyMs * (1 - SLACK)) return false;
      this.lookedAtMs.set(role, nowMs);
      return true;
    });
  }

  private async lookAt(role: Role): Promise<void> {
    const { policy, ground, log, logger } = this.options;
    const sample = await ground.sample(role).catch((error: unknown) => {
      this.complain(`${role}: ${reasonOf(error)}`);
      return NOBODY;
    });
    const { value, revision } = await log.state();
    const kept = keptOf(value);
    const nowMs = this.now();
    const verdict = decide(policy, { role, sample, state: kept.roles[role] ?? NO_STATE, nowMs });
    const seen = { ...kept.seen, [role]: seenOf(verdict, sample, nowMs) };
    const after = (state: RoleState): JsonObject => {
      return asJson({ by: this.me, roles: { ...kept.roles, [role]: state }, seen });
    };
    // Before anything is done: who else looks now sees the change, and makes none of its own.
    if (!(await log.keep(after(verdict.state), revision))) {
      this.complain('another autoscaler is at work on this store: this look is left to it');
      return;
    }
    const { from, to, reason } = verdict;
    logger.debug({ looked: role, from, to, reason }, 'looked');
    if (from === undefined || to === undefined || from === to) return;
    const order = { role, from, to, reason };
    const outcome = await ground.change(order).then(
      () => 'done',
      (error: unknown) => reasonOf(error),
    );
    if (outcome === 'done') logger.info({ scaled: role, from, to, reason }, 'scaled');
    else {
      const told = { scaled: role, from, to, reason, problem: outcome };
      logger.error(told, 'could not be scaled: tried again later');
      await log.keep(after(failed(verdict.state)), revision + 1);
    }
    await log.note({ atMs: nowMs, ...order, sample: asJson(sample), outcome });
  }

  /** Once for as long as it stays the same. */
  private complain(line: string): void {
    if (line !== this.problem) this.options.logger.warn(line);
    this.problem = line;
  }
}

function seenOf(
  { from, to, floor, reason, signals }: Verdict,
  sample: RoleSample,
  atMs: number,
): object {
  const figures = signals.map(({ name, text, need }) => ({ name, text, need }));
  return {
    at_ms: atMs,
    running: sample.running,
    from,
    to,
    floor,
    reason,
    sample,
    signals: figures,
  };
}

/** What was kept by this version; anything else is as good as nothing. */
export function keptOf(value: JsonObject): Kept {
  const { roles = {}, seen = {} } = value as unknown as Partial<Kept>;
  return { roles, seen };
}

/** Members that are undefined are none. */
function asJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
