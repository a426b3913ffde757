// @ts-check

/** Asks again and again, one after the other; not while it is stopped, or the page cannot be seen. */
export class Poll {
  /** @param {number} everyMs from an answer to the next question @param {() => Promise<void>} ask never rejects */
  constructor(everyMs, ask) {
    this.everyMs = everyMs;
    this.ask = ask;
    this.isOn = false;
    this.isAsking = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    document.addEventListener('visibilitychange', () => this.next(0));
  }

  start() {
    this.isOn = true;
    this.next(0);
  }

  stop() {
    this.isOn = false;
    clearTimeout(this.timer);
  }

  /** @param {number} inMs */
  next(inMs) {
    clearTimeout(this.timer);
    if (!this.isOn || document.hidden) return;
    this.timer = setTimeout(() => void this.turn(), inMs);
  }

  async turn() {
    if (this.isAsking) return;
    this.isAsking = true;
    await this.ask();
    this.isAsking = false;
    this.next(this.everyMs);
  }
}
