/** One work at a time for each key, in the order in which they came. */
export class KeyedTurns {
  private readonly last = new Map<string, Promise<void>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.last.get(key) ?? Promise.resolve();
    const result = before.then(work);
    const done = result.then(
      () => undefined,
      () => undefined,
    );
    this.last.set(key, done);
    try {
      return await result;
    } finally {
      if (this.last.get(key) === done) this.last.delete(key);
    }
  }
}
