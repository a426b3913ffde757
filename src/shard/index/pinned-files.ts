import type { Manifest } from './manifest.js';

/** A manifest whose files stay, whatever is merged meanwhile. */
export interface PinnedFiles {
  manifest: Manifest;
  /** Where they lie. */
  folder: string;
  /** From here on they may go. To be called once. */
  release(): void;
}

/** Names in a tenant's folder that are not to be removed though its manifest does not have them. */
export class SparedNames {
  private readonly counts = new Map<string, number>();

  /** Returns what takes the names back, which each of those that spare them must call once. */
  spare(names: readonly string[]): () => void {
    for (const name of names) this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    return () => {
      for (const name of names) {
        const left = (this.counts.get(name) ?? 0) - 1;
        if (left > 0) this.counts.set(name, left);
        else this.counts.delete(name);
      }
    };
  }

  has(name: string): boolean {
    return this.counts.has(name);
  }
}
