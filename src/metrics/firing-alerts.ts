import { alertsIn, type FiringAlert } from './alertmanager-reply.js';

/** What Alertmanager was last heard to say. */
export type AlertsView =
  | { state: 'unset' }
  | { state: 'unreachable'; problem: string }
  | { state: 'ok'; alerts: readonly FiringAlert[]; count: number };

/** From the request to the last byte of the reply. */
const TIMEOUT_MS = 2_000;
/** Some thousand alerts. */
const MAX_BYTES = 2 * 1024 * 1024;
/** Pages look as often; an alert lasts longer. */
const KEPT_MS = 5_000;
/** What is inhibited is said by the alert that inhibits it. */
const PATH = 'api/v2/alerts?active=true&silenced=true&inhibited=false&unprocessed=false';

/**
 * The alerts of one Alertmanager, of which the settings say where it is: it is asked when somebody asks here, by one request
 * for all of them, and what came of that is kept for some seconds, a failure too.
 */
export class FiringAlerts {
  private readonly url: URL | undefined;
  private readonly headers: Record<string, string> = { accept: 'application/json' };
  private kept: { view: AlertsView; untilMs: number } | undefined;
  private asking: Promise<AlertsView> | undefined;

  /** @param url the address below which its API lies, with a name and password where it wants one; undefined: there is none */
  constructor(
    url: string | undefined,
    /** Monotonic, milliseconds; injectable for virtual clocks. */
    private readonly now: () => number = () => performance.now(),
    private readonly timeoutMs = TIMEOUT_MS,
  ) {
    if (url === undefined) return;
    const base = new URL(url.endsWith('/') ? url : `${url}/`);
    const { username, password } = base;
    if (username !== '') {
      const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      this.headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
    }
    [base.username, base.password] = ['', ''];
    this.url = new URL(PATH, base);
  }

  /** Never rejects. */
  async read(): Promise<AlertsView> {
    const { url } = this;
    if (url === undefined) return { state: 'unset' };
    if (this.kept !== undefined && this.now() < this.kept.untilMs) return this.kept.view;
    this.asking ??= this.ask(url).finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async ask(url: URL): Promise<AlertsView> {
    let view: AlertsView;
    try {
      view = { state: 'ok', ...alertsIn(JSON.parse(await this.textAt(url))) };
    } catch (error) {
      view = { state: 'unreachable', problem: problemOf(error, this.timeoutMs) };
    }
    this.kept = { view, untilMs: this.now() + KEPT_MS };
    return view;
  }

  /** Goes nowhere else than where the settings say: not where a reply sends it, either. */
  private async textAt(url: URL): Promise<string> {
    const signal = AbortSignal.timeout(this.timeoutMs);
    const reply = await fetch(url, { headers: this.headers, redirect: 'error', signal });
    if (!reply.ok) {
      await reply.body?.cancel();
      throw new Error(`it answered with ${reply.status}`);
    }
    const parts: Uint8Array[] = [];
    let bytes = 0;
    // Leaving the loop ends the reply.
    for await (const part of reply.body ?? []) {
      bytes += part.byteLength;
      if (bytes > MAX_BYTES) throw new Error(`its reply is longer than ${MAX_BYTES} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts).toString();
  }
}

/** In words for operators, without the address. */
function problemOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'it does not answer';
  if (error.name === 'TimeoutError') return `it did not answer within ${timeoutMs} ms`;
  if (error instanceof SyntaxError) return 'its reply is not JSON';
  const { cause } = error;
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  if (code !== undefined) return `it does not answer: ${code}`;
  // Of fetch, for all that goes wrong underway.
  return error instanceof TypeError ? 'it does not answer' : error.message;
}
