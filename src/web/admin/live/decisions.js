// @ts-check
import { element } from '../../dom.js';
import { ago, share } from './format.js';

/** @typedef {import('../../../client/api-types.js').DecisionsReply['decisions'][number]} Decision */
/** @typedef {NonNullable<import('../../../client/api-types.js').ClusterReply['advice']>[number]} Relief */

const LISTED = 12;

/** What was decided lately. @param {readonly Decision[]} decisions */
export function decisionList(decisions) {
  const heading = element('h2', '', 'Scaling decisions');
  if (decisions.length === 0) {
    const text = 'None yet: moves, splits and merges are listed here, whoever decides on them.';
    return element('section', '', heading, element('p', 'none', text));
  }
  const items = decisions.slice(0, LISTED).map(({ at, by, what, why }) => {
    const when = element('time', 'soft', ago(at));
    when.dateTime = at;
    const who = by === 'auto' ? 'automatically' : by === null ? 'by an operator' : `by ${by}`;
    const because = why === null ? '' : `: ${why}`;
    const reason = element('span', 'soft', `${who}${because}`);
    return element('li', '', when, ' ', element('strong', '', what), ' ', reason);
  });
  return element('section', '', heading, element('ul', 'event-list', ...items));
}

/** What would relieve nodes now. @param {readonly Relief[]} reliefs */
export function reliefItems(reliefs) {
  return reliefs.map((relief) => {
    const badge = element('span', 'badge badge-warning', relief.action);
    const why = `${relief.cause === 'load' ? 'busy' : 'full'} to ${share(relief.share)}`;
    return element(
      'li',
      '',
      badge,
      ' ',
      element('strong', '', relief.node),
      ` is ${why}. ${stepOf(relief)}`,
    );
  });
}

/** @param {Relief} relief */
function stepOf({ action, tenant, from, to, share_after: after, nodes }) {
  switch (action) {
    case 'move':
      return `Move a partition of ${tenant ?? ''} from ${(from ?? []).join(', ')} to ${(to ?? []).join(', ')}: it would be at ${share(after)}.`;
    case 'split':
      return `Halve a partition of ${tenant ?? ''}, so that a part of it fits elsewhere.`;
    case 'unpin':
      return 'All that lies there is pinned: let some of it go.';
    case 'add':
      return `Add a node: none has room for what ${(nodes ?? []).join(', ')} has too much of.`;
    case 'wait':
      return 'Something moves there already.';
  }
}
