import { invalidField } from '../core/errors.js';
import { describeValue } from '../core/json.js';

const DEFAULT_SIZE = 10;
/** Hits that pages reach; a cursor goes on. */
const MAX_REACH = 10_000;

/** What of the order of hits a request wants. */
export interface Pages {
  from: number;
  size: number;
  /** Undefined where a walk begins. */
  cursor: string | undefined;
  wantsCursor: boolean;
  /** As asked for, for the reply. */
  page: { number: number; size: number } | undefined;
}

interface PagesBody {
  top_k?: number;
  page?: number;
  per_page?: number;
  cursor?: string;
  group_by?: unknown;
}

/**
 * Throws `invalid_field` for what does not go together, or too far.
 *
 * @param maxSize where no size is asked for, it is not above this
 */
export function pagesOf(body: PagesBody, maxSize: number): Pages {
  const usual = Math.min(DEFAULT_SIZE, maxSize);
  const { top_k: topK, page, per_page: perPage, cursor } = body;
  const isPaged = page !== undefined || perPage !== undefined;
  if (topK !== undefined && isPaged) {
    throw invalidField('top_k', 'must not be given beside page or per_page');
  }
  if (cursor !== undefined) return walkOf(body, cursor, usual);
  if (!isPaged) {
    const size = topK ?? usual;
    return { from: 0, size, cursor: undefined, wantsCursor: false, page: undefined };
  }
  const [number, size] = [page ?? 1, perPage ?? usual];
  if (number * size > MAX_REACH) {
    const expected = `times per_page must be at most ${MAX_REACH}: use cursor to go further`;
    throw invalidField('page', `${expected}, got ${number * size}`);
  }
  const from = (number - 1) * size;
  // Whoever asks for the first page may go on by cursor; whoever asks for another goes by number.
  const wantsCursor = number === 1 && size > 0 && body.group_by === undefined;
  return { from, size, cursor: undefined, wantsCursor, page: { number, size } };
}

function walkOf(
  { page, per_page: perPage, top_k: topK }: PagesBody,
  cursor: string,
  usual: number,
): Pages {
  if (page !== undefined) {
    throw invalidField('page', `must not be given beside cursor, got ${describeValue(page)}`);
  }
  if (perPage === 0) throw invalidField('per_page', 'must be at least 1 beside cursor, got 0');
  const isBeginning = cursor === '' || cursor === '*';
  return {
    from: 0,
    size: perPage ?? topK ?? usual,
    cursor: isBeginning ? undefined : cursor,
    wantsCursor: true,
    page: undefined,
  };
}
