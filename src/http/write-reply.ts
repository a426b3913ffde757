import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalidField, OmniError } from '../core/errors.js';
import type { Searchable } from '../ingest/wait-searchable.js';
import type { WriteReport } from '../ingest/write-report.js';
import { sendError } from './error-reply.js';
import type { HttpPorts } from './ports.js';
import { MAX_WAIT_TIMEOUT_MS, type WriteQuery } from './schemas.js';

const DEFAULT_WAIT_TIMEOUT_MS = 30_000;

/** How long the caller wants to wait until searchable; undefined for not at all. */
export function waitTimeoutMs(query: WriteQuery): number | undefined {
  const timeoutMs = Number(query.wait_timeout_ms ?? DEFAULT_WAIT_TIMEOUT_MS);
  if (timeoutMs > MAX_WAIT_TIMEOUT_MS) {
    const expected = `must be an integer from 0 to ${MAX_WAIT_TIMEOUT_MS}, got ${timeoutMs}`;
    throw invalidField('wait_timeout_ms', expected);
  }
  return query.wait === undefined ? undefined : timeoutMs;
}

/**
 * Answers a write with its counts: 200, 400 when every row was rejected, 503 after a failure
 * midway; waits until searchable when asked to.
 */
export async function sendReport(
  ports: HttpPorts,
  request: FastifyRequest,
  reply: FastifyReply,
  report: WriteReport,
  timeoutMs: number | undefined,
): Promise<FastifyReply> {
  if (report.failure !== undefined) {
    return sendError(request, reply, report.failure, countsBody(report));
  }
  if (report.accepted === 0) {
    return sendError(request, reply, allRejected(report), countsBody(report));
  }
  const searchable =
    timeoutMs === undefined
      ? undefined
      : await ports.ingest.waitSearchable(request.tenant, report, timeoutMs);
  const body = { ...countsBody(report), ...searchableBody(searchable) };
  return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body));
}

function countsBody(report: WriteReport): object {
  return {
    accepted: report.accepted,
    unchanged: report.unchanged,
    stale: report.stale,
    rejected_count: report.rejectedCount,
    rejected: report.rejected,
  };
}

function searchableBody(searchable: Searchable | undefined): object {
  if (searchable === undefined) return {};
  if (searchable.searchable) return { searchable: true };
  return { searchable: false, lagging: searchable.lagging };
}

function allRejected(report: WriteReport): OmniError {
  const [first] = report.rejected;
  if (first === undefined) return new OmniError('invalid_json', 'the body holds no rows');
  const message = `every row was rejected; line ${first.line}: ${first.message}`;
  return new OmniError(
    first.code,
    message,
    first.field === undefined ? {} : { field: first.field },
  );
}
