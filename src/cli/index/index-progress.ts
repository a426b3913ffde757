import cliProgress from 'cli-progress';

/** Rows so far, of all files. */
export interface IndexCounts {
  rows: number;
  accepted: number;
  unchanged: number;
  stale: number;
  rejected: number;
}

/** The files' bytes read so far and in all, where that is known. */
export interface FileBytes {
  read: number;
  total: number | undefined;
}

const LINE_INTERVAL_MS = 3_000;
const BAR_INTERVAL_MS = 100;

/** Shows how far `index` is: a bar on a terminal, otherwise a line every few seconds. */
export class IndexProgress {
  private readonly startedMs = performance.now();
  private readonly timer: NodeJS.Timeout;
  private readonly bar: cliProgress.SingleBar | undefined;

  constructor(
    private readonly counts: Readonly<IndexCounts>,
    private readonly bytes: () => FileBytes,
    private readonly out: NodeJS.WriteStream = process.stderr,
  ) {
    if (out.isTTY) this.bar = startBar(out);
    const show = this.bar === undefined ? () => this.writeLine() : () => this.updateBar();
    this.timer = setInterval(show, this.bar === undefined ? LINE_INTERVAL_MS : BAR_INTERVAL_MS);
  }

  /** Stops; a bar stays as it is last. */
  stop(): void {
    clearInterval(this.timer);
    if (this.bar === undefined) return;
    this.updateBar();
    this.bar.stop();
  }

  /** Lines in between; a bar is drawn anew below them. */
  say(lines: readonly string[]): void {
    if (this.bar !== undefined) {
      this.out.clearLine(0);
      this.out.cursorTo(0);
    }
    for (const line of lines) this.out.write(`${line}\n`);
  }

  /** One line on all that was done. */
  summary(isDryRun: boolean): string {
    const { rows, accepted, unchanged, stale, rejected } = this.counts;
    const seconds = this.elapsedS().toFixed(1);
    if (isDryRun) {
      return `dry run, nothing was sent: ${rows} rows in ${seconds} s: ${accepted} fit, ${rejected} rejected`;
    }
    const parts = `${accepted} accepted (${unchanged} unchanged, ${stale} stale), ${rejected} rejected`;
    return `${rows} rows in ${seconds} s: ${parts}`;
  }

  private updateBar(): void {
    const { read, total } = this.bytes();
    this.bar?.setTotal(Math.max(1, total ?? read * 2));
    this.bar?.update(read, this.payload());
  }

  private writeLine(): void {
    const { rows, rate, rejected } = this.payload();
    const { read, total } = this.bytes();
    const share =
      total === undefined
        ? ''
        : ` (${Math.min(100, Math.floor((100 * read) / Math.max(1, total)))} %)`;
    this.out.write(`${rows} rows${share}, ${rate} rows/s, ${rejected} rejected\n`);
  }

  private payload(): { rows: number; rate: number; rejected: number } {
    const { accepted, rejected } = this.counts;
    const rows = accepted + rejected;
    return { rows, rejected, rate: Math.round(rows / Math.max(0.001, this.elapsedS())) };
  }

  private elapsedS(): number {
    return (performance.now() - this.startedMs) / 1_000;
  }
}

function startBar(stream: NodeJS.WriteStream): cliProgress.SingleBar {
  const format = 'indexing [{bar}] {percentage}% | {rows} rows, {rate}/s, {rejected} rejected';
  const bar = new cliProgress.SingleBar(
    { format, stream, hideCursor: true, barsize: 30 },
    cliProgress.Presets.rect,
  );
  bar.start(1, 0, { rows: 0, rate: 0, rejected: 0 });
  return bar;
}
