import type { LeafAnswer } from '../../src/shard-client/leaf-calls.js';

/** The ids of an answer's hits in its first view; throws where nothing was searched. */
export function idsOf(answer: LeafAnswer): string[] {
  if (answer.type === 'moved') throw new Error(`moved, at counter ${answer.counter}`);
  return answer.views[0]?.hits.ids ?? [];
}
