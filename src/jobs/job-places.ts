import type { JobKind } from './job.js';

/** Jobs that one node works on at a time, but for those of catalogues: they are in no hurry. */
const OTHERS = 2;
const OF_CATALOGUES = 2;

/** How many jobs go on at a time, so that a long one of some catalogue keeps neither small ones nor others waiting. */
export class JobPlaces {
  private others = 0;
  private catalogues = 0;
  private large = 0;

  constructor(private readonly ofCatalogues = OF_CATALOGUES) {}

  /** Takes a place, to be left by what is returned; undefined: there is none. */
  enter({ isOfCatalogues = false }: JobKind, priority: number): (() => void) | undefined {
    if (!isOfCatalogues) {
      if (this.others >= OTHERS) return undefined;
      this.others += 1;
      return once(() => (this.others -= 1));
    }
    const isLarge = priority > 0;
    if (this.catalogues >= this.ofCatalogues) return undefined;
    // One place is for small ones alone, where there are two.
    if (isLarge && this.large >= Math.max(1, this.ofCatalogues - 1)) return undefined;
    this.catalogues += 1;
    if (isLarge) this.large += 1;
    return once(() => {
      this.catalogues -= 1;
      if (isLarge) this.large -= 1;
    });
  }
}

function once(leave: () => void): () => void {
  let isLeft = false;
  return () => {
    if (!isLeft) leave();
    isLeft = true;
  };
}
