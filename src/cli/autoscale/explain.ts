import { setTimeout as sleep } from 'node:timers/promises';
import { decide, type Verdict } from '../../capacity/autoscale/decide.js';
import { ROLES, type Policy } from '../../capacity/autoscale/policy.js';
import { NO_STATE } from '../../capacity/autoscale/sample.js';
import type { ScalingLog } from '../../cluster/scaling-log.js';
import { reasonOf } from '../../core/errors.js';
import { print } from '../terminal.js';
import { keptOf } from './autoscaler.js';
import type { Ground } from './ground.js';

/** Rates are told from two looks, so far apart. */
const APART_MS = 5_000;

export interface ExplainOptions {
  policy: Policy;
  ground: Pick<Ground, 'sample'>;
  log: Pick<ScalingLog, 'state'>;
  json: boolean;
}

/** Says of each role what would be done now, and why. Resolves with whether all could be told. */
export async function explain({ policy, ground, log, json }: ExplainOptions): Promise<boolean> {
  const roles = ROLES.filter((role) => policy.roles[role] !== undefined);
  await Promise.allSettled(roles.map((role) => ground.sample(role)));
  await sleep(APART_MS);
  const { roles: states } = keptOf((await log.state()).value);
  let isAll = true;
  for (const role of roles) {
    const sample = await ground.sample(role).catch((error: unknown) => {
      isAll = false;
      print(`${role}: ${reasonOf(error)}`);
      return { running: undefined, heard: 0 };
    });
    const state = states[role] ?? NO_STATE;
    const verdict = decide(policy, { role, sample, state, nowMs: Date.now() });
    if (json) print(JSON.stringify({ ...verdict, state: undefined, sample }));
    else for (const line of linesOf(verdict)) print(line);
  }
  return isAll;
}

function linesOf({ role, from, to, floor, reason, signals }: Verdict): string[] {
  const what = from === to ? `stays at ${from ?? '?'}` : `would go from ${from} to ${to}`;
  return [
    `${role} ${what}: ${reason}`,
    `  at least ${floor} now`,
    ...signals.map(({ name, text, need, enough }) => {
      return `  ${name}: ${text}: needs ${need}, ${enough} would have some to spare`;
    }),
  ];
}
