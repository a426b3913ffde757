import type { Logger } from '../core/logger.js';
import { LeaveTurns } from './leave-turns.js';
import type { ChildFigures } from './lifeline.js';
import { ManagedChild, type ChildEvents, type ChildSpec } from './managed-child.js';

export interface GroupOptions {
  /** Of one process; `number` from 0 on tells it from the others that there are. */
  specOf: (number: number) => Omit<ChildSpec, 'mustStart'>;
  /** The most that there may be; less than 2: it stays as it was begun. */
  most: number;
  /** After so long a process that is to stop is ended. */
  graceMs: number;
  logger: Logger;
  /** Each time that one is ready. */
  onReady?: (number: number, port: number | undefined) => void;
  /** One of the first cannot start, or go on. */
  onFailed: (line: string) => void;
}

/** A process of a group, for who decides how many there should be. */
export interface ProcessFigures extends ChildFigures {
  pid: number;
  ready: boolean;
}

interface Member {
  number: number;
  child: ManagedChild;
  isReady: boolean;
  /** Without them there is no group: they are given up with all. */
  isFirst: boolean;
}

/**
 * Processes that do the same work, of which there may be more or fewer from one moment to the next.
 *
 *   more    the new ones are started beside the others
 *   fewer   those that do not answer first, else the newest: told to stop as ever, so that what they began is ended
 *
 * One that is restarted from outside waits until another is ready.
 */
export class ProcessGroup {
  private members: Member[] = [];
  /** Told to stop, and not gone yet. */
  private readonly leaving = new Set<Promise<void>>();
  private readonly turns = new LeaveTurns<Member>(() => this.members.length);
  private isClosed = false;

  constructor(private readonly options: GroupOptions) {}

  get most(): number {
    return this.options.most;
  }

  /** How many there are to be. */
  get count(): number {
    return this.members.length;
  }

  /** Those that the group begins with. @param events of the first one */
  begin(count: number, events: Pick<ChildEvents, 'onOpened'> & { mustStart?: boolean } = {}): void {
    for (let number = 0; number < count; number++) {
      const { mustStart = false, onOpened } = number === 0 ? events : {};
      this.start(number, true, mustStart, onOpened && { onOpened });
    }
  }

  /** Has there be `count` of them. Nothing is done once the group is closed. */
  become(count: number): void {
    if (this.isClosed) return;
    while (this.members.length < count) this.start(this.freeNumber(), false, false);
    const inOrder = [...this.members].sort((a, b) => Number(a.isReady) - Number(b.isReady));
    const notReady = inOrder.filter(({ isReady }) => !isReady).reverse();
    const ready = inOrder.filter(({ isReady }) => isReady).reverse();
    for (const member of [...notReady, ...ready].slice(0, this.members.length - count)) {
      this.remove(member);
      // Not one that another may wait for.
      this.turns.ended(member);
      const gone = member.child.stop(this.options.graceMs);
      this.leaving.add(gone);
      void gone.then(() => this.leaving.delete(gone));
    }
  }

  processes(): ProcessFigures[] {
    return this.members.flatMap(({ child, isReady: ready }) => {
      const told = child.figures;
      return told === undefined ? [] : [{ pid: told.pid, ready, ...told.figures }];
    });
  }

  /** From now on none is started again. */
  letGo(): void {
    this.isClosed = true;
    for (const { child } of this.members) child.letGo();
  }

  /** Has all stop; resolves when they are gone. */
  async stop(): Promise<void> {
    this.letGo();
    const { graceMs } = this.options;
    const all = this.members.map(({ child }) => child.stop(graceMs));
    await Promise.all([...all, ...this.leaving]);
  }

  private start(
    number: number,
    isFirst: boolean,
    mustStart: boolean,
    more: Pick<ChildEvents, 'onOpened'> = {},
  ): void {
    const { specOf, logger, onReady, onFailed } = this.options;
    const spec = { ...specOf(number), mustStart };
    const child = new ManagedChild(spec, logger, {
      ...more,
      onReady: (port) => {
        member.isReady = true;
        onReady?.(number, port);
        this.turns.isReady(member);
      },
      onLeaves: (allow) => this.turns.leaves(member, allow),
      onEnd: () => {
        member.isReady = false;
        this.turns.ended(member);
      },
      onGivenUp: (line) => {
        if (isFirst) onFailed(line);
        else {
          logger.error(`${line}: it is left out`);
          this.remove(member);
        }
      },
    });
    const member: Member = { number, child, isReady: false, isFirst };
    this.members.push(member);
    child.start();
  }

  private remove(member: Member): void {
    this.members = this.members.filter((each) => each !== member);
  }

  private freeNumber(): number {
    const taken = new Set(this.members.map(({ number }) => number));
    let number = 0;
    while (taken.has(number)) number += 1;
    return number;
  }
}
