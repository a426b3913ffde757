import { OmniError } from '../../core/errors.js';

/** The connection broke under a request that had been sent: what became of it nobody knows. */
export class ConnectionLost extends OmniError {
  constructor(message: string) {
    super('unavailable', message);
  }
}

/** Whether a replica has done nothing for a request, so that another one does no more than its share. */
export function hasDoneNothing(error: OmniError): boolean {
  return error.code === 'unavailable' && !(error instanceof ConnectionLost);
}

/** Whether another replica may do what this one did not. */
export function isForAnother(error: unknown): error is OmniError {
  if (!(error instanceof OmniError)) return false;
  const { code } = error;
  return code === 'unavailable' || code === 'overloaded' || code === 'deadline_exceeded';
}

/** Why the replicas of one call did not answer. */
export class Refusals {
  private told: OmniError | undefined;
  private rank = -1;

  /** @param isCallersDeadline all the caller's time is over, not only the part that an attempt had */
  add(error: OmniError, isCallersDeadline: boolean): void {
    const rank = rankOf(error, isCallersDeadline);
    if (rank <= this.rank) return;
    this.rank = rank;
    this.told = error;
  }

  /**
   * That the caller's time is over; else that some replica lives and has too much to do; else why one
   * cannot be reached; else that none answered, each in the time that it had.
   */
  mostTelling(): OmniError {
    if (this.told !== undefined && this.rank > 0) return this.told;
    const details = { cause: this.told };
    return new OmniError('unavailable', 'no replica of a shard answered in its time', details);
  }
}

function rankOf(error: OmniError, isCallersDeadline: boolean): number {
  if (error.code === 'deadline_exceeded') return isCallersDeadline ? 3 : 0;
  return error.code === 'overloaded' ? 2 : 1;
}
