import type { AdviceBody } from './placement-client.js';
import { categoriesText, percentText, rangeText, sizeText } from './placement-texts.js';

/** One line for each thing that would relieve a node. */
export function adviceLines(advice: readonly AdviceBody[]): string[] {
  return advice.map((each) => `${each.node} ${hasText(each)}: ${whatText(each)}`);
}

function hasText({ cause, share }: AdviceBody): string {
  const percent = percentText(share);
  return cause === 'memory'
    ? `uses ${percent} of its memory`
    : `is busy for ${percent} of its time`;
}

function whatText(advice: AdviceBody): string {
  const { action, node, share_after = 0, from = [], to = [], bytes = 0, seconds = 0 } = advice;
  switch (action) {
    case 'move': {
      const target = to.filter((each) => !from.includes(each)).join(', ');
      const cost = `${sizeText(bytes)}, about ${seconds} s`;
      return `move ${partitionText(advice)} to ${target} (${cost}); ${percentText(share_after)} then`;
    }
    case 'split':
      return `split ${partitionText(advice)}: nothing that lies there fits another node as it is`;
    case 'wait':
      return 'something moves, what comes of it is to be seen first';
    case 'unpin':
      return `all that lies there is pinned: unpin some of it, or let ${node} have more`;
    case 'add':
      return `add a shard node of ${sizeText(bytes)}: no other one can take what it has too much of`;
  }
}

function partitionText({ tenant = '', id = '', categories = [], ...placed }: AdviceBody): string {
  const { range = [0, 0], rows = 0 } = placed;
  const what = `${tenant} ${categoriesText(categories)} ${rangeText(range)}`;
  return `${what} (${id}, ${rows} rows)`;
}
