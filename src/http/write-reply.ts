import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalidField, OmniError } from '../core/errors.js';
import type { WriteReport } from '../ingest/write-report.js';
import { sendError } from './error-reply.js';
import type { HttpPorts } from './ports.js';
import { MAX_WAIT_TIMEOUT_MS, type WriteQuery } from './schemas.js';
import type { TenantGate } from './tenant-gate.js';

const DEFAULT_WAIT_TIMEOUT_MS = 30_000;

/**
 * How long the caller wants to wait until searchable, milliseconds; undefined for not at all. The place
 * is taken before anything is written: throws `overloaded` where too many wait already.
 */
export function askedWait(
  { query, tenant, exchange }: FastifyRequest<{ Querystring: WriteQuery }>,
  waits: TenantGate,
): number | undefined {
  const timeoutMs = Number(query.wait_timeout_ms ?? DEFAULT_WAIT_TIMEOUT_MS);
  if (timeoutMs > MAX_WAIT_TIMEOUT_MS) {
    const expected = `must be an integer from 0 to ${MAX_WAIT_TIMEOUT_MS}, got ${timeoutMs}`;
    throw invalidField('wait_timeout_ms', expected);
  }
  if (query.wait === undefined) return undefined;
  exchange.onEnd(waits.enter(tenant));
  return timeoutMs;
}

/**
 * Answers a write with its counts: 200, 400 when every row was rejected, 503 after a failure
 * midway; waits until searchable when asked to. By then the write holds nothing any more.
 */
export async function sendReport(
  ports: HttpPorts,
  request: FastifyRequest,
  reply: FastifyReply,
  report: WriteReport,
  waitMs: number | undefined,
): Promise<FastifyReply> {
  request.held.release();
  if (report.failure !== undefined) {
    return sendError(request, reply, report.failure, countsBody(report));
  }
  if (report.accepted === 0) {
    const error = allRejected(report);
    // Of a row that broke us alone the caller is not to blame.
    const status = error.code === 'internal' ? undefined : 400;
    return sendError(request, reply, error, countsBody(report), status);
  }
  const { tenant, exchange } = request;
  const { signal } = exchange;
  const searchable =
    waitMs === undefined
      ? {}
      : searchableBody(await ports.ingest.waitSearchable(tenant, report, waitMs, signal));
  const body = { ...countsBody(report), ...searchable };
  exchange.progress();
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

function searchableBody(lagging: readonly string[]): object {
  return lagging.length === 0 ? { searchable: true } : { searchable: false, lagging };
}

function allRejected(report: WriteReport): OmniError {
  const [first] = report.rejected;
  if (first === undefined) return new OmniError('invalid_json', 'the body holds no rows');
  const message = `every row was rejected; line ${first.line}: ${first.message}`;
  return new OmniError(first.code, message, { field: first.field });
}
