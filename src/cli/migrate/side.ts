import type { Handover } from '../../tenancy/handover.js';
import { MoveError } from '../move/move.js';
import type { Installation } from './installation.js';

type Changes = Partial<Omit<Handover, 'walker'>>;

/** Writes waited for too long, or the command stood still: the installation has taken them again by itself. */
export class ReleasedError extends MoveError {
  constructor(url: string) {
    super(`${url} takes writes again by itself, they waited too long: try again`);
  }
}

/** One of the two installations with its record of the handover, which this command alone changes, one change after the other. */
export class Side {
  private known: Handover | undefined;
  private revision = 0;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(readonly at: Installation) {}

  /** Undefined: it has no part in a handover. */
  get handover(): Handover | undefined {
    return this.known;
  }

  async read(): Promise<void> {
    const { handover, revision } = await this.at.handover();
    this.known = handover;
    this.revision = revision;
  }

  /** Begins one. Rejects `MoveError` where there is one by now. */
  async begin(handover: Omit<Handover, 'walker'>): Promise<void> {
    await this.put({ ...handover, walker: '' });
  }

  async end(): Promise<void> {
    await this.inTurn(() => this.put(undefined));
  }

  /** Rejects `ReleasedError`, and `MoveError` where another command goes on with it. */
  change(changes: Changes): Promise<void> {
    return this.inTurn(async () => {
      if (this.known === undefined) throw superseded(this.at.url);
      await this.put({ ...this.known, ...changes });
    });
  }

  /** Nothing is missing, or writes go on waiting. */
  beat(): Promise<void> {
    return this.inTurn(async () => {
      if (this.known !== undefined) await this.put({ ...this.known, beat: this.known.beat + 1 });
    });
  }

  private async put(next: Handover | undefined): Promise<void> {
    const revision = await this.at.putHandover(next, this.revision);
    if (revision === undefined) {
      const [before, stored] = [this.known, await this.at.handover()];
      const isDone = next !== undefined && stored.isOurs && isSame(stored.handover, next);
      // What was done, and its answer lost, is refused when it is sent again.
      if (!isDone && !(next === undefined && stored.handover === undefined)) {
        if (stored.isOurs && before?.writes === 'held' && stored.handover?.writes === 'here') {
          [this.known, this.revision] = [stored.handover, stored.revision];
          throw new ReleasedError(this.at.url);
        }
        throw superseded(this.at.url);
      }
      this.revision = stored.revision;
    } else this.revision = revision;
    this.known = next;
  }

  private inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.turn.then(change);
    this.turn = done.catch(() => undefined);
    return done;
  }
}

function isSame(stored: Handover | undefined, next: Handover): boolean {
  const text = (one: Handover) =>
    JSON.stringify([one.id, one.side, one.writes, one.reads, one.peer, one.beat, one.walk]);
  return stored !== undefined && text(stored) === text(next);
}

function superseded(url: string): MoveError {
  return new MoveError(`another omnisearch migrate goes on with ${url}: this one ends`);
}
