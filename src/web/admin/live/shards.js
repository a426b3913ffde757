// @ts-check
import { element } from '../../dom.js';
import { columnHead, framed, table } from '../table.js';
import { share, size } from './format.js';

/** @typedef {import('../../../client/api-types.js').ClusterReply} ClusterReply */
/** @typedef {import('../../../client/api-types.js').StatsReply} StatsReply */
/** @typedef {ClusterReply['nodes'][number]} Node_ */
/** @typedef {StatsReply['shards'][number]} Shard */

const COLUMNS = [
  ...['Shard', 'State', 'Rows', 'Memory', 'Busy', 'Behind', 'Recall (least)', 'Replicas here'],
];
/** As the advice has it. */
const HOT = 0.85;

/** Shard nodes as the cluster and the shards themselves see them. @param {ClusterReply} cluster @param {StatsReply} stats */
export function shardTable({ nodes, partitions, next_cursor: more }, { shards }) {
  const byName = new Map(shards.map((shard) => [shard.name, shard]));
  const rows = nodes.map((node) =>
    rowOf(node, byName.get(node.name), replicasOn(node, partitions)),
  );
  const made = table('Shards', COLUMNS, rows);
  if (more !== undefined) {
    const counted = `Replicas are those of the first ${partitions.length} partitions.`;
    made.append(element('p', 'hint', counted));
  }
  return made;
}

/** @param {ClusterReply} cluster @returns {Node} */
export function queryNodeTable({ query_nodes: nodes }) {
  if (nodes.length === 0) return document.createDocumentFragment();
  const rows = nodes.map(({ address, alive, serves, load, version, zone }) => [
    zone === null ? address : `${address} (${zone})`,
    element('span', alive ? 'state' : 'state warned', alive ? 'answers' : 'silent'),
    element('span', 'name', serves === 'all' ? 'searches and writes' : `${serves}s`),
    share(load),
    element('span', 'name', version),
  ]);
  return table('Query nodes', ['Query node', 'State', 'Does', 'Busy', 'Version'], rows);
}

/** Where each partition lies. @param {ClusterReply} cluster @returns {Node} */
export function partitionRows({ partitions, next_cursor: more }) {
  const head = ['Tenant', 'Categories', 'Rows', 'Replicas'].map((name, i) =>
    columnHead(name, i === 2 ? 'number' : ''),
  );
  const rows = partitions.map(({ tenant, categories, rows: count, replicas, pinned, range }) => {
    const named = categories === 'rest' ? 'all others' : categories.join(', ');
    const isPart = range[0] !== 0 || partitions.some((each) => isSibling(each, tenant, categories));
    const name = element('th', '', tenant);
    name.scope = 'row';
    const states = replicas.map(({ node, state }) =>
      element(
        'span',
        state === 'serving' ? 'replica' : 'replica replica-moving',
        state === 'serving' ? node : `${node} ${state}`,
      ),
    );
    return element(
      'tr',
      '',
      name,
      element('td', '', `${named}${isPart ? ' (a part)' : ''}${pinned === true ? ', pinned' : ''}`),
      element('td', 'number', count.toLocaleString()),
      element('td', '', ...states),
    );
  });
  const frame = framed(head, rows);
  if (more === undefined) return frame;
  const note = 'These are the first ones: omnisearch placement show has them all.';
  return element('div', '', frame, element('p', 'hint', note));
}

/** Another range of the same. @param {ClusterReply['partitions'][number]} each @param {string} tenant @param {string[] | 'rest'} categories */
function isSibling(each, tenant, categories) {
  return (
    each.tenant === tenant &&
    (each.range[0] ?? 0) > 0 &&
    String(each.categories) === String(categories)
  );
}

/** @param {Node_} node @param {Shard | undefined} shard @param {Replicas} replicas @returns {(string | Node)[]} */
function rowOf(node, shard, { serving, others }) {
  const { behind, documents } = shard ?? {};
  return [
    node.zone === null ? node.name : `${node.name} (${node.zone})`,
    stateOf(node),
    documents === undefined ? '–' : documents.toLocaleString(),
    memoryOf(node),
    node.load === null ? '–' : hot(share(node.load), node.load),
    behind === undefined ? '–' : behind.toLocaleString(),
    recallOf(shard),
    others === 0 ? serving.toLocaleString() : `${serving.toLocaleString()} + ${others} moving`,
  ];
}

/** @param {Node_} node */
function stateOf({ alive, drained, dedicated_to: owner }) {
  if (!alive) return element('span', 'state warned', 'silent');
  const texts = ['answers', ...(drained ? ['drained'] : []), ...(owner ? [`for ${owner}`] : [])];
  return element('span', 'state', texts.join(', '));
}

/** @param {Node_} node */
function memoryOf({ bytes, capacity_bytes: capacity }) {
  if (capacity === null) return size(bytes);
  const bar = element('meter', '');
  Object.assign(bar, { min: 0, max: 1, high: HOT, optimum: 0, value: bytes / capacity });
  bar.setAttribute('aria-label', 'part of its memory');
  return element('span', 'number', `${size(bytes)} of ${size(capacity)}`, bar);
}

/** @param {Shard | undefined} shard */
function recallOf(shard) {
  const bands = (shard?.recall?.bands ?? []).filter(({ recall }) => recall !== null);
  if (bands.length === 0) return '–';
  const worst = bands.reduce((least, band) =>
    (band.recall ?? 1) < (least.recall ?? 1) ? band : least,
  );
  const text = `${share(worst.recall)} (from ${share(worst.low)})`;
  return element('span', bands.some(({ failing }) => failing) ? 'number warned' : 'number', text);
}

/** @param {string} text @param {number} part */
function hot(text, part) {
  return element('span', part > HOT ? 'number warned' : 'number', text);
}

/** @typedef {{ serving: number, others: number }} Replicas */

/** @param {Node_} node @param {ClusterReply['partitions']} partitions @returns {Replicas} */
function replicasOn({ name }, partitions) {
  const here = partitions.flatMap(({ replicas }) => replicas.filter(({ node }) => node === name));
  const serving = here.filter(({ state }) => state === 'serving').length;
  return { serving, others: here.length - serving };
}
