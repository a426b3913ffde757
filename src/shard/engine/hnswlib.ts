import hnswlib from 'hnswlib-node';
import type { Candidates, Graph, GraphEngine, GraphPlace } from './graph.js';

const { HierarchicalNSW } = hnswlib;
type Index = InstanceType<typeof HierarchicalNSW>;

/** Fixed, so that two builds of the same rows give the same graph. */
const SEED = 100;

/**
 * hnswlib-node: float32 vectors and links in memory. Its limits: `number[]` only, synchronous, k at
 * most its size, and a write that reports success on a full disk, which is why the builder reads
 * files back.
 */
class HnswlibGraph implements Graph {
  readonly scoreMargin = 0;
  readonly size: number;
  readonly firstRow: number;
  readonly bytes: number;
  ef: number;

  constructor(
    private readonly index: Index,
    { firstRow, bytes, ef }: GraphPlace,
  ) {
    this.firstRow = firstRow;
    this.bytes = bytes;
    this.ef = ef;
    this.size = index.getCurrentCount();
  }

  search(query: Float32Array, width: number): Candidates {
    const wanted = Math.min(width, this.size);
    this.index.setEf(wanted);
    const { neighbors, distances } = this.index.searchKnn(Array.from(query), wanted);
    for (let i = 0; i < neighbors.length; i++) {
      neighbors[i] = (neighbors[i] as number) + this.firstRow;
      distances[i] = 1 - (distances[i] as number);
    }
    return { rows: neighbors, scores: distances };
  }
}

export const hnswlibEngine: GraphEngine = {
  build(file, { dimensions, count, vectorAt }, { M, efConstruction }, isStopped) {
    const index = new HierarchicalNSW('ip', dimensions);
    index.initIndex({ maxElements: count, m: M, efConstruction, randomSeed: SEED });
    for (let row = 0; row < count; row++) {
      if (isStopped()) throw new Error('the build was called off');
      index.addPoint(Array.from(vectorAt(row)), row);
    }
    index.writeIndexSync(file);
  },

  /** The read itself runs off the event loop. */
  async open(file, place) {
    const index = new HierarchicalNSW('ip', place.dimensions);
    await index.readIndex(file);
    return new HnswlibGraph(index, place);
  },
};
