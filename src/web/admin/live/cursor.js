// @ts-check

/** The time that somebody looks at, in all charts alike; undefined: the latest. */
export class Cursor {
  constructor() {
    /** @type {number | undefined} epoch ms */
    this.at = undefined;
    /** @type {(() => void)[]} */
    this.followers = [];
  }

  /** @param {() => void} draw called when it moves */
  follow(draw) {
    this.followers.push(draw);
  }

  /** @param {number | undefined} at */
  move(at) {
    if (at === this.at) return;
    this.at = at;
    for (const draw of this.followers) draw();
  }
}
