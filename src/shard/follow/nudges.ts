/** A loop's rest: until it is nudged, or until some time has passed. */
export class Nudges {
  /** There is something to do. */
  isDue = false;
  /** The loop waits for a nudge. */
  isResting = false;
  private stopped = false;
  private wake: (() => void) | undefined;

  nudge(): void {
    this.isDue = true;
    if (this.isResting) this.wake?.();
  }

  /** From now on nothing rests. */
  stop(): void {
    this.stopped = true;
    this.wake?.();
  }

  /** @param timeoutMs undefined: until there is something to do */
  async rest(timeoutMs?: number): Promise<void> {
    if (this.isDue) return;
    this.isResting = true;
    await this.wait(timeoutMs);
    this.isResting = false;
  }

  /** Ends early only by a stop: what fails is not tried again at once because there is more to do. */
  pause(timeoutMs: number): Promise<void> {
    return this.wait(timeoutMs);
  }

  private async wait(timeoutMs: number | undefined): Promise<void> {
    if (this.stopped) return;
    await new Promise<void>((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }
}
