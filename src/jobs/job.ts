import type { JsonObject, JsonValue } from '../core/product.js';
import { changeRecord } from '../store/change-record.js';
import type { RecordStore, StoredRecord } from '../store/record-store.js';

/** The kind of the records that are jobs. */
export const JOB_KIND = 'job';

/** The key of a job that is due again and again. */
export const ALL = 'all';

const MAX_ATTEMPTS = 10;

/** Who works on a job. It lives as long as `counter` grows, timed by each observer's own clock. */
interface Lease {
  owner: string;
  counter: number;
}

/** A job as it is stored; one document a kind and key, so that at most one of each is running. */
export interface Job {
  kind: string;
  /** What it is about: a tenant, or `all`. */
  key: string;
  state: 'waiting' | 'running';
  /**
   * How long it waits from its last change on, by the clock of whoever sees it: no clock has to be
   * right, and none can be so wrong that a job never comes.
   */
  due_ms: number;
  /** Where to go on; null at the beginning. */
  checkpoint: JsonValue;
  /** Failures since it last went well. */
  failures: number;
  error: string | null;
  lease: Lease | null;
  /** Of those that are due, lower ones go first; absent: 0. */
  priority?: number;
}

/** What a kind of job does. */
export interface JobKind {
  /**
   * Does the work, from `checkpoint` on. May be ended at any point by `signal` and begun again, here or
   * elsewhere. Rejecting has it tried again later.
   */
  run(work: JobWork): Promise<void>;
  /** The one whose key is `ALL` is due again so long after it ended; others are done once. */
  everyMs?: number | undefined;
  /** Its jobs have places of their own, of which those of a higher number leave one to the others. */
  isOfCatalogues?: boolean;
  /** What a run may come to apart from how it ends itself, where it does several things. */
  results?: readonly string[];
  /** Called with the key once a job has gone: true where it must come again, since it was asked for while it ended. */
  isNeeded?(key: string): Promise<boolean>;
}

/** A job being worked on. */
export interface JobWork {
  key: string;
  checkpoint: JsonValue;
  /** It is not done when `run` resolves: it is due again so long after that. */
  comeBack(dueMs: number, priority?: number): void;
  /** Where to go on should the owner die. Rejects once the job is another's. */
  save(checkpoint: JsonValue): Promise<void>;
  /** One of the things that it does came to that, of `JobKind.results`: for the figures. */
  count(result: string): void;
  /** The node stops, or the job became another's. */
  signal: AbortSignal;
}

/** A job with the revision that its next change is made from. */
export interface StoredJob {
  id: string;
  job: Job;
  revision: number;
}

export function jobId(kind: string, key: string): string {
  return `${kind}:${key}`;
}

export function waitingJob(kind: string, key: string, dueMs: number, priority = 0): Job {
  const fresh = { checkpoint: null, failures: 0, error: null, lease: null };
  const ranked = priority === 0 ? {} : { priority };
  return { kind, key, state: 'waiting', due_ms: dueMs, ...fresh, ...ranked };
}

/** Asks for a job that is done once; nothing is done where it is asked for already. */
export async function requestJob(
  records: RecordStore,
  kind: string,
  key: string,
  dueMs = 0,
  priority = 0,
): Promise<void> {
  const job = toValue(waitingJob(kind, key, dueMs, priority));
  await records.put(JOB_KIND, jobId(kind, key), job, 0);
}

/**
 * As `requestJob`, but where the job is worked on or waits for its time, it begins anew: what it has seen may be
 * older than what it is asked for.
 */
export async function renewJob(records: RecordStore, kind: string, key: string): Promise<void> {
  const id = jobId(kind, key);
  const fresh = toValue(waitingJob(kind, key, 0));
  const at = { kind: JOB_KIND, id, what: `the job ${id}`, attempts: MAX_ATTEMPTS };
  await changeRecord(records, at, (stored) =>
    stored !== undefined && isToBegin(toStoredJob(stored).job) ? undefined : fresh,
  );
}

function isToBegin({ lease, due_ms, checkpoint }: Job): boolean {
  return lease === null && due_ms === 0 && checkpoint === null;
}

export function toStoredJob({ id, value, revision }: StoredRecord): StoredJob {
  return { id, job: value as unknown as Job, revision };
}

export function toValue(job: Job): JsonObject {
  return { ...job, lease: job.lease === null ? null : { ...job.lease } };
}
