import { toOmniError, type ErrorCode, type OmniError } from '../core/errors.js';
import type { WriteMark, WriteStatus } from '../store/store.js';

/** Why one row was not written. */
interface Rejection {
  /** Physical line or position in the request, from 1. */
  line: number;
  id: string | undefined;
  field: string | undefined;
  code: ErrorCode;
  message: string;
}

/** What became of the rows of one write request. */
export interface WriteReport {
  /** Rows that are durable now, `unchanged` and `stale` ones included. */
  accepted: number;
  unchanged: number;
  stale: number;
  rejectedCount: number;
  /** The first 1,000. */
  rejected: Rejection[];
  /** Covers every accepted row; undefined when there is none. */
  mark: WriteMark | undefined;
  /** What ended the request before its last row. The counts are of what came before. */
  failure: OmniError | undefined;
}

const MAX_LISTED = 1_000;
const MAX_FIELD_CHARACTERS = 300;
const MAX_MESSAGE_CHARACTERS = 600;

/** Adds up a `WriteReport`. */
export class ReportBuilder {
  readonly report: WriteReport = {
    accepted: 0,
    unchanged: 0,
    stale: 0,
    rejectedCount: 0,
    rejected: [],
    mark: undefined,
    failure: undefined,
  };

  /** Further rejections are only counted. */
  get isFull(): boolean {
    return this.report.rejected.length >= MAX_LISTED;
  }

  countRejected(): void {
    this.report.rejectedCount += 1;
  }

  reject(line: number, id: string | undefined, error: OmniError): void {
    this.countRejected();
    if (this.isFull) return;
    this.report.rejected.push({
      line,
      id,
      field: error.field?.slice(0, MAX_FIELD_CHARACTERS),
      code: error.code,
      message: error.message.slice(0, MAX_MESSAGE_CHARACTERS),
    });
  }

  /** A row that is durable. A delete of what is not there has changed nothing either. */
  accept(status: Exclude<WriteStatus, 'conflict' | 'full'>): void {
    this.report.accepted += 1;
    if (status === 'unchanged' || status === 'missing') this.report.unchanged += 1;
    if (status === 'stale') this.report.stale += 1;
  }

  /** Keeps the first failure: later ones follow from it. */
  fail(error: unknown): void {
    this.report.failure ??= toOmniError(error);
  }
}
