import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import {
  BRANCH,
  checkHeader,
  DamagedPage,
  decodeMeta,
  decodeTree,
  freeRuns,
  LEAF,
  nodesOf,
  ownPages,
  ownValue,
  pageBytesOf,
  type Meta,
  type Node,
  type Tree,
} from './page.js';
import { TABLE_NAMES } from './table.js';

/**
 * LMDB believes its pages: a changed byte in one that holds keys makes a table silently short, or ends
 * the process. So they are read here as plain bytes: each page in its place and in use once, keys in
 * order, as many as were counted, and nothing free that is in use.
 */

/** `unfinished`: asked to stop, or somebody wrote meanwhile, so that it cannot be told. */
export type CheckOutcome = 'sound' | 'unfinished' | { damage: string };

/** Told of each value, in the page where it stands. */
export type OnValue = (table: string, key: Buffer, value: Buffer) => void;

const TURN_MS = 2;
/** Between two turns beside others, who have this process as well: a tenth of the time is for reading. */
const PAUSE_MS = 18;
const META_BYTES = 256;
const PAGE_SIZES = [4096, 8192, 16_384, 32_768, 65_536];

/**
 * Reads the latest state of an LMDB file, in turns. With `isBeside` a read transaction keeps that state
 * while others write and read.
 */
export async function checkPages(
  path: string,
  isBeside: boolean,
  onValue: OnValue,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  const file = openSync(path, 'r');
  let check: PageCheck | undefined;
  try {
    check = new PageCheck(file, onValue);
    const outcome = await finished(check, isBeside ? PAUSE_MS : 0, signal);
    return isBeside || check.isLatest() ? outcome : 'unfinished';
  } catch (error) {
    // Or a number leads out of its page.
    if (!(error instanceof DamagedPage) && !(error instanceof RangeError)) throw error;
    const isKept = isBeside || check?.isLatest() !== false;
    return isKept
      ? { damage: `${check?.place ?? 'its first page'} ${error.message}` }
      : 'unfinished';
  } finally {
    closeSync(file);
  }
}

async function finished(
  check: PageCheck,
  pauseMs: number,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  const steps = check.run();
  for (;;) {
    const endMs = performance.now() + TURN_MS;
    while (performance.now() < endMs) if (steps.next().done === true) return 'sound';
    await (pauseMs > 0 ? sleep(pauseMs) : nextTurn());
    if (signal.aborted) return 'unfinished';
  }
}

/** All keys below a page are in [low, high). */
interface Bounds {
  low: Buffer | undefined;
  high: Buffer | undefined;
}

const EVERYTHING: Bounds = { low: undefined, high: undefined };

interface Counts {
  branches: number;
  leaves: number;
  overflows: number;
  entries: number;
}

class PageCheck {
  /** Where it is, for the line that names the damage. */
  place = '';
  private readonly pageBytes: number;
  private readonly meta: Meta;
  /** A bit for each page that was met, in use or free. */
  private readonly met: Uint8Array;

  constructor(
    private readonly file: number,
    private readonly onValue: OnValue,
  ) {
    this.pageBytes = pageBytesOf(this.read(0, META_BYTES));
    if (!PAGE_SIZES.includes(this.pageBytes)) throw new DamagedPage('has a size that no page has');
    this.meta = this.latest();
    const pages = Math.ceil(fstatSync(file).size / this.pageBytes);
    this.met = new Uint8Array((pages >> 3) + 1);
  }

  /** Whether nobody wrote since. */
  isLatest(): boolean {
    return this.latest().transaction === this.meta.transaction;
  }

  *run(): Generator<void> {
    yield* this.tree(this.meta.free);
    yield* this.tree(this.meta.main);
  }

  private *tree(tree: Tree): Generator<void> {
    const counts = { branches: 0, leaves: 0, overflows: 0, entries: 0 };
    if (tree.root !== undefined) yield* this.page(tree, tree.root, tree.depth, EVERYTHING, counts);
    this.place = tree.name;
    for (const name of ['entries', 'leaves', 'branches', 'overflows'] as const) {
      if (counts[name] === tree[name]) continue;
      throw new DamagedPage(`has ${counts[name]} ${name}, not ${tree[name]}`);
    }
  }

  private *page(
    tree: Tree,
    number: number,
    depth: number,
    bounds: Bounds,
    counts: Counts,
  ): Generator<void> {
    this.meet(tree, number, 1);
    const page = this.read(number * this.pageBytes, this.pageBytes);
    checkHeader(page, number, this.meta.transaction);
    const nodes = nodesOf(page, depth > 1 ? BRANCH : LEAF);
    // Numbers, not bytes, are in order there, and what is lost of them is only room.
    if (tree !== this.meta.free) checkOrder(page, nodes, depth > 1, bounds);
    if (depth > 1) {
      counts.branches += 1;
      for (const [i, node] of nodes.entries()) {
        const low = i === 0 ? bounds.low : keyOf(page, node);
        const next = nodes[i + 1];
        const high = next === undefined ? bounds.high : keyOf(page, next);
        yield* this.page(tree, node.child, depth - 1, { low, high }, counts);
      }
      return;
    }
    counts.leaves += 1;
    counts.entries += nodes.length;
    for (const node of nodes) yield* this.leafNode(tree, page, node, counts);
    yield;
  }

  private *leafNode(tree: Tree, page: Buffer, node: Node, counts: Counts): Generator<void> {
    const key = keyOf(page, node);
    if (node.isTree !== (tree === this.meta.main)) throw new DamagedPage('has a node of no kind');
    if (node.isTree) {
      // LMDB ends a name with a zero.
      const name = key.toString('latin1', 0, key.length - 1);
      if (key.at(-1) !== 0 || !TABLE_NAMES.has(name)) {
        throw new DamagedPage('has a table of an unknown name');
      }
      const table = decodeTree(name, page, node.valueAt);
      if (table.flags !== 0) throw new DamagedPage('has a table of another kind');
      yield* this.tree(table);
      return;
    }
    let value = page.subarray(node.valueAt, node.valueAt + node.valueBytes);
    if (node.own !== undefined) {
      const { first, count } = node.own;
      if (count !== ownPages(node.valueBytes, this.pageBytes))
        throw new DamagedPage('has a value of wrong length');
      this.meet(tree, first, count);
      const bytes = this.read(first * this.pageBytes, count * this.pageBytes);
      checkHeader(bytes, first, this.meta.transaction);
      value = ownValue(bytes, count, node.valueBytes);
      counts.overflows += count;
    }
    if (tree === this.meta.free) {
      for (const { first, count } of freeRuns(value)) this.meet(tree, first, count);
    } else if (tree !== this.meta.main) this.onValue(tree.name, key, value);
  }

  /** Throws where a page cannot be, or has been met already. */
  private meet(tree: Tree, first: number, count: number): void {
    this.place = `${tree.name}: page ${first}`;
    if (first < 2 || first + count - 1 > this.meta.lastPage)
      throw new DamagedPage('is outside of the file');
    for (let number = first; number < first + count; number++) {
      const bit = 1 << (number & 7);
      if (((this.met[number >> 3] ?? 0) & bit) !== 0) throw new DamagedPage('is used twice');
      this.met[number >> 3] = (this.met[number >> 3] ?? 0) | bit;
    }
  }

  private latest(): Meta {
    const first = decodeMeta(this.read(0, META_BYTES));
    const second = decodeMeta(this.read(this.pageBytes, META_BYTES));
    return first.transaction > second.transaction ? first : second;
  }

  private read(at: number, bytes: number): Buffer {
    const buffer = Buffer.allocUnsafe(bytes);
    if (readSync(this.file, buffer, 0, bytes, at) === bytes) return buffer;
    throw new DamagedPage('is behind the end of the file');
  }
}

function keyOf(page: Buffer, { keyAt, keyEnd }: Node): Buffer {
  return page.subarray(keyAt, keyEnd);
}

/** Throws where keys are not in order or not in [low, high). */
function checkOrder(page: Buffer, nodes: Node[], isBranch: boolean, { low, high }: Bounds): void {
  // What is below a branch's first key is below all others: LMDB does not look at it.
  const keys = isBranch ? nodes.slice(1) : nodes;
  let last: Node | undefined;
  for (const node of keys) {
    const isAfter =
      last === undefined
        ? low === undefined || page.compare(low, 0, low.length, node.keyAt, node.keyEnd) >= 0
        : page.compare(page, last.keyAt, last.keyEnd, node.keyAt, node.keyEnd) > 0;
    if (!isAfter) throw new DamagedPage('has keys that are not in order');
    last = node;
  }
  if (last === undefined || high === undefined) return;
  if (page.compare(high, 0, high.length, last.keyAt, last.keyEnd) >= 0)
    throw new DamagedPage('has keys of another page');
}
