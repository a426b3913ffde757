/** How old a process's view may be. */
const MAX_AGE_MS = 1_000;

/** What a process knows of something in the store that others change: a second old at most. */
export class KeptView<T> {
  private kept: { value: T; asOfMs: number } | undefined;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async get(): Promise<T> {
    const { kept } = this;
    if (kept !== undefined && this.now() - kept.asOfMs < MAX_AGE_MS) return kept.value;
    return this.refresh();
  }

  /** As it is now. */
  async refresh(): Promise<T> {
    const asOfMs = this.now();
    const value = await this.read();
    if (this.kept === undefined || this.kept.asOfMs <= asOfMs) this.kept = { value, asOfMs };
    return value;
  }
}
