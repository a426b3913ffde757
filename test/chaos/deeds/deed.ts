import type { Fault } from '../faults.js';
import type { World } from '../world.js';

/** What is done to a world, each at random; whatever it takes away it gives back before it resolves. */
export interface Deed {
  name: string;
  fault: Fault;
  /** How often, beside the others. */
  weight: number;
  run(world: World, random: () => number): Promise<void>;
}

export function pick<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)] as T;
}
