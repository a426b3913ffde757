/**
 * How LMDB lays out its pages, as far as `page-check.ts` reads them; all numbers little-endian. Offsets in
 * a page count from behind its header.
 *
 *   header   number (8), transaction (8), pad (2), flags (2), then lower (2) and upper (2), or the
 *            count of pages (4) of a value that has its own
 *   branch   offsets (2 each) … nodes: child's page (6), size of the key (2), key
 *   leaf     offsets (2 each) … nodes: size of the value (4), flags (2), size of the key (2), key, value
 */
const HEADER_BYTES = 24;
const NODE_BYTES = 8;
const TREE_BYTES = 48;
const NO_ROOT = 0xffffffffffffffffn;

export const BRANCH = 1;
export const LEAF = 2;
const OVERFLOW = 4;
const OWN_PAGES = 1;
const SUB_TREE = 2;

/** What is wrong with a page, and with which. */
export class DamagedPage extends Error {}

/** The record of a tree: where it begins, and what it has. */
export interface Tree {
  name: string;
  /** Undefined of an empty one. */
  root: number | undefined;
  /** How its keys are ordered: 0 of a table of ours. */
  flags: number;
  depth: number;
  branches: number;
  leaves: number;
  overflows: number;
  entries: number;
}

/** The latest state of a file: of its two first pages, the one of the later transaction. */
export interface Meta {
  transaction: number;
  lastPage: number;
  free: Tree;
  main: Tree;
}

export function pageBytesOf(firstPage: Buffer): number {
  return firstPage.readUInt32LE(HEADER_BYTES + 24);
}

export function decodeMeta(page: Buffer): Meta {
  return {
    free: decodeTree('free pages', page, HEADER_BYTES + 24),
    main: decodeTree('list of tables', page, HEADER_BYTES + 72),
    lastPage: numberAt(page, HEADER_BYTES + 120),
    transaction: numberAt(page, HEADER_BYTES + 128),
  };
}

export function decodeTree(name: string, bytes: Buffer, at: number): Tree {
  const root = bytes.readBigUInt64LE(at + 40);
  return {
    name,
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branches: numberAt(bytes, at + 8),
    leaves: numberAt(bytes, at + 16),
    overflows: numberAt(bytes, at + 24),
    entries: numberAt(bytes, at + 32),
    root: root === NO_ROOT ? undefined : Number(root),
  };
}

/** A node's parts by their place in its page. */
export interface Node {
  keyAt: number;
  keyEnd: number;
  /** Of a leaf. */
  valueAt: number;
  valueBytes: number;
  isTree: boolean;
  /** The value's own pages. */
  own: { first: number; count: number } | undefined;
  /** Of a branch: the page below. */
  child: number;
}

/** The nodes of a page that claims to be of `kind`, in order; throws where they cannot be. */
export function nodesOf(page: Buffer, kind: number): Node[] {
  const room = page.length - HEADER_BYTES;
  const lower = page.readUInt16LE(20);
  const upper = page.readUInt16LE(22);
  if (page.readUInt16LE(18) !== kind) throw new DamagedPage('is not what it should be');
  if (lower % 2 !== 0 || lower > upper || upper > room) throw new DamagedPage('has wrong bounds');
  const nodes: Node[] = [];
  let used = 0;
  for (let at = HEADER_BYTES; at < HEADER_BYTES + lower; at += 2) {
    const offset = page.readUInt16LE(at);
    if (offset < upper || offset + NODE_BYTES > room) throw new DamagedPage('has wrong offsets');
    const node = nodeAt(page, HEADER_BYTES + offset, kind);
    const bytes = node.valueAt + (node.own === undefined ? node.valueBytes : 24) - offset;
    used += (bytes - HEADER_BYTES + 1) & ~1;
    nodes.push(node);
  }
  // Nodes lie side by side: a size that is wrong leaves a gap, or they overlap.
  if (used !== room - upper) throw new DamagedPage('has nodes of wrong sizes');
  return nodes;
}

function nodeAt(page: Buffer, at: number, kind: number): Node {
  const flags = page.readUInt16LE(at + 4);
  const low = page.readUInt32LE(at);
  const keyAt = at + NODE_BYTES;
  const keyEnd = keyAt + page.readUInt16LE(at + 6);
  if (kind === BRANCH) {
    const child = flags * 2 ** 32 + low;
    return { keyAt, keyEnd, child, valueAt: keyEnd, valueBytes: 0, isTree: false, own: undefined };
  }
  if (![0, OWN_PAGES, SUB_TREE].includes(flags)) throw new DamagedPage('has a node of no kind');
  const isTree = flags === SUB_TREE;
  const hasOwn = flags === OWN_PAGES;
  const end = keyEnd + (hasOwn ? 24 : isTree ? TREE_BYTES : low);
  if (end > page.length || (isTree && low !== TREE_BYTES))
    throw new DamagedPage('has a node too long');
  const own = hasOwn
    ? { first: numberAt(page, keyEnd), count: numberAt(page, keyEnd + 16) }
    : undefined;
  return { keyAt, keyEnd, valueAt: keyEnd, valueBytes: low, isTree, own, child: 0 };
}

export function checkHeader(page: Buffer, number: number, lastTransaction: number): void {
  if (numberAt(page, 0) !== number) throw new DamagedPage('has another number');
  if (numberAt(page, 8) > lastTransaction) throw new DamagedPage('is of a later transaction');
}

/** `bytes` begin with a value's first own page. */
export function ownValue(bytes: Buffer, pages: number, valueBytes: number): Buffer {
  if (bytes.readUInt16LE(18) !== OVERFLOW || bytes.readUInt32LE(20) !== pages)
    throw new DamagedPage('is not what it should be');
  return bytes.subarray(HEADER_BYTES, HEADER_BYTES + valueBytes);
}

/** How many pages a value takes that has its own. */
export function ownPages(valueBytes: number, pageBytes: number): number {
  return Math.floor((HEADER_BYTES - 1 + valueBytes) / pageBytes) + 1;
}

/** The runs of pages in a list of free ones: a page, or minus how many and the first of them. */
export function* freeRuns(value: Buffer): Generator<{ first: number; count: number }> {
  const end = 8 + 8 * numberAt(value, 0);
  if (end > value.length) throw new DamagedPage('has a list of wrong length');
  for (let at = 8; at < end; at += 8) {
    const number = Number(value.readBigInt64LE(at));
    if (number > 0) yield { first: number, count: 1 };
    if (number >= 0) continue;
    at += 8;
    if (at >= end) throw new DamagedPage('has a list that ends too early');
    yield { first: numberAt(value, at), count: -number };
  }
}

function numberAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}
