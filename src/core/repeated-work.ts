/** Work that is done again and again, one after the other, with a pause between. */
export class RepeatedWork {
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<void> = Promise.resolve();
  private closed = false;

  /** @param work never rejects */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly pauseMs: number,
  ) {}

  /** The first time is at once. */
  start(): void {
    this.turn = this.work().then(() => {
      if (!this.closed) this.timer = setTimeout(() => this.start(), this.pauseMs);
    });
  }

  /** Resolves when what is under way is done. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.turn;
  }
}
