import { destination, pino, type Bindings, type Logger } from 'pino';

export type { Logger };

/** What was logged as an error, for whoever reports errors elsewhere. */
export interface LoggedError {
  /** The error itself; undefined where only a line was logged. */
  error: Error | undefined;
  line: string | undefined;
  /** What stands in the line besides: of a request its id and route. */
  details: Readonly<Record<string, unknown>>;
}

/** Of lines that nobody takes: past it they are dropped. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const ERROR_LEVEL = 50;

/**
 * A JSON logger on standard error, so that standard output stays a command's own answer. It is written beside the work.
 *
 * @param onError is told of each line from `error` on, and must not throw
 */
export function createLogger(
  level: string,
  role: string,
  onError?: (logged: LoggedError) => void,
): Logger {
  const base = { role, pid: process.pid };
  const to = destination({ fd: 2, sync: false, maxLength: MAX_WAITING_BYTES });
  if (onError === undefined) return pino({ level, base }, to);
  return pino(
    {
      ...{ level, base },
      hooks: {
        logMethod(args, method, lineLevel) {
          if (lineLevel >= ERROR_LEVEL) onError(loggedError(args, this.bindings()));
          method.apply(this, args);
        },
      },
    },
    to,
  );
}

/** As pino is called: with an error, with an object that may have one as `err`, or with a line alone. */
function loggedError(args: readonly unknown[], bindings: Bindings): LoggedError {
  const [first, second] = args;
  const text = typeof first === 'string' ? first : second;
  const line = typeof text === 'string' ? text : undefined;
  if (first instanceof Error) return { error: first, line, details: bindings };
  if (typeof first !== 'object' || first === null)
    return { error: undefined, line, details: bindings };
  const { err, ...rest } = first as Record<string, unknown>;
  return { error: err instanceof Error ? err : undefined, line, details: { ...bindings, ...rest } };
}
