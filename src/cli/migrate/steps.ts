/** How far a walk has come. */
export type Step =
  | 'copying'
  | 'following'
  | 'validated'
  | 'canary-10'
  | 'canary-25'
  | 'canary-100'
  | 'cutting'
  | 'cut'
  | 'returning'
  | 'rolled-back'
  | 'done';

/** The way on, for an installation behind a balancer, and for one that another machine takes the place of. */
const BALANCED: readonly Step[] = [
  ...(['copying', 'following', 'validated', 'canary-10', 'canary-25', 'canary-100'] as const),
  ...(['cutting', 'cut'] as const),
];
const HOST: readonly Step[] = ['copying', 'following', 'validated', 'cutting', 'cut'];

/** The step behind `step`; undefined: there is none. */
export function stepAfter(step: Step, isHost: boolean): Step | undefined {
  const way = isHost ? HOST : BALANCED;
  const at = way.indexOf(step);
  return at < 0 ? undefined : way[at + 1];
}

/** Percent of reads and of writes that the balancer is to send to the new installation. */
export interface Weights {
  readers: number;
  writers: number;
}

const CANARY = /^canary-(\d+)$/;

export function weightsAt(step: Step): Weights {
  if (step === 'cut' || step === 'done') return { readers: 100, writers: 100 };
  if (step === 'returning') return { readers: 100, writers: 100 };
  if (step === 'cutting') return { readers: 100, writers: 0 };
  return { readers: Number(CANARY.exec(step)?.[1] ?? 0), writers: 0 };
}

/** Whether the new installation is kept up with the old one. */
export function isFollowed(step: Step): boolean {
  return step === 'following' || step === 'validated' || CANARY.test(step);
}
