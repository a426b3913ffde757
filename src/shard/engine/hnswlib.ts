import hnswlib from 'hnswlib-node';
import type { Candidates, Graph, GraphParameters } from './graph.js';

const { HierarchicalNSW } = hnswlib;
type Index = InstanceType<typeof HierarchicalNSW>;

/** Fixed, so that two builds of the same rows give the same graph. */
const SEED = 100;

/**
 * hnswlib-node behind `Graph`. Its limits: `number[]` only, synchronous, k at most its size, and a
 * write that reports success on a full disk, which is why the builder reads files back.
 */
class HnswlibGraph implements Graph {
  readonly size: number;

  constructor(
    private readonly index: Index,
    readonly firstRow: number,
    readonly bytes: number,
  ) {
    this.size = index.getCurrentCount();
  }

  search(query: Float32Array, k: number, ef: number): Candidates {
    const wanted = Math.min(k, this.size);
    this.index.setEf(Math.max(ef, wanted));
    const { neighbors, distances } = this.index.searchKnn(Array.from(query), wanted);
    for (let i = 0; i < neighbors.length; i++) {
      neighbors[i] = (neighbors[i] as number) + this.firstRow;
      distances[i] = 1 - (distances[i] as number);
    }
    return { rows: neighbors, scores: distances };
  }
}

/** Opens a graph file that `buildHnswlib` wrote; the read itself runs off the event loop. */
export async function openHnswlib(
  file: string,
  dimensions: number,
  firstRow: number,
  bytes: number,
): Promise<Graph> {
  const index = new HierarchicalNSW('ip', dimensions);
  await index.readIndex(file);
  return new HnswlibGraph(index, firstRow, bytes);
}

/**
 * Builds a graph over `rows` vectors and writes it. Blocks its thread: for the build worker. Throws
 * when `isStopped` turns true on the way.
 */
export function buildHnswlib(
  file: string,
  dimensions: number,
  rows: number,
  vectorAt: (row: number) => Float32Array,
  parameters: GraphParameters,
  isStopped: () => boolean,
): void {
  const index = new HierarchicalNSW('ip', dimensions);
  index.initIndex({
    maxElements: rows,
    m: parameters.M,
    efConstruction: parameters.efConstruction,
    randomSeed: SEED,
  });
  for (let row = 0; row < rows; row++) {
    if (isStopped()) throw new Error('the build was called off');
    index.addPoint(Array.from(vectorAt(row)), row);
  }
  index.writeIndexSync(file);
}
