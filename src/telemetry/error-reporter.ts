import { spawnSync } from 'node:child_process';
import type { LoggedError, Logger } from '../core/logger.js';
import { Outbox } from './outbox.js';
import { sentryEnvelope, type EventOrigin } from './sentry-event.js';

/** Reports that may wait. */
const MAX_WAITING = 50;
/** Of one process: an outage is one event, not a million. */
const MAX_A_MINUTE = 30;
const MINUTE_MS = 60_000;
const TIMEOUT_MS = 10_000;
/** What a process that dies takes to say so. */
const LAST_WORDS_MS = 1_000;

/** Reports errors to the project of a DSN, by Sentry's envelope API. */
export class ErrorReporter {
  private readonly outbox: Outbox;
  private readonly url: URL;
  private readonly headers: Readonly<Record<string, string>>;
  private minuteMs = -Infinity;
  private inMinute = 0;

  /**
   * @param dsn `https://KEY@HOST/PROJECT`. Throws where that is no URL
   * @param senderFile the built `send-last-report.js`
   */
  constructor(
    dsn: string,
    private readonly origin: EventOrigin,
    private readonly senderFile: string,
    logger: Pick<Logger, 'warn'>,
  ) {
    const { protocol, host, pathname, username } = new URL(dsn);
    const [, path = '', project = ''] = /^(.*\/)(\d+)$/.exec(pathname) ?? [];
    this.url = new URL(`${protocol}//${host}${path}api/${project}/envelope/`);
    const client = `omnisearch/${origin.version}`;
    this.headers = {
      'content-type': 'application/x-sentry-envelope',
      'user-agent': client,
      'x-sentry-auth': `Sentry sentry_version=7, sentry_client=${client}, sentry_key=${username}`,
    };
    this.outbox = new Outbox(
      {
        ...{ url: this.url, headers: this.headers, timeoutMs: TIMEOUT_MS, what: 'error reports' },
        // An envelope holds one event.
        ...{ limit: MAX_WAITING, batch: 1, delayMs: 0, write: ([envelope]) => envelope ?? '' },
      },
      logger,
    );
  }

  /** Never throws, and waits for nothing. */
  report(logged: LoggedError): void {
    if (!this.mayReport()) return;
    this.outbox.add(sentryEnvelope(logged, this.origin));
  }

  /**
   * The last words of a process that ends by an exception: it holds still, for a second at most, while another one sends
   * them. Nothing else of it may run any more.
   */
  reportLast(error: unknown): void {
    const known = error instanceof Error ? error : new Error(typeof error);
    const logged = { error: known, line: undefined, details: {} };
    const { url, headers } = this;
    const input = JSON.stringify({
      ...{ url: url.href, headers, timeoutMs: LAST_WORDS_MS },
      body: sentryEnvelope(logged, this.origin, false),
    });
    spawnSync(process.execPath, [this.senderFile], {
      input,
      timeout: LAST_WORDS_MS,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  }

  /** Sends what waits, for no longer than `timeoutMs`. */
  close(timeoutMs: number): Promise<void> {
    return this.outbox.close(timeoutMs);
  }

  private mayReport(): boolean {
    const now = performance.now();
    if (now - this.minuteMs >= MINUTE_MS) {
      this.minuteMs = now;
      this.inMinute = 0;
    }
    this.inMinute += 1;
    return this.inMinute <= MAX_A_MINUTE;
  }
}
