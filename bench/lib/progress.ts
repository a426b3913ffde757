import { SingleBar } from 'cli-progress';

/** Tells on standard error how far a step is: a bar on a terminal, elsewhere a line now and then. */
export class Progress {
  private readonly bar: SingleBar;

  /** `unit` is what is counted, for instance "products". */
  constructor(title: string, total: number, unit: string) {
    this.bar = new SingleBar({
      format: `${title.padEnd(28)} {bar} {value}/{total} ${unit} {duration_formatted}`,
      barsize: 24,
      hideCursor: true,
      stream: process.stderr,
      noTTYOutput: true,
      notTTYSchedule: 5000,
      linewrap: true,
    });
    this.bar.start(total, 0);
  }

  update(value: number): void {
    this.bar.update(Math.min(value, this.bar.getTotal()));
  }

  add(count = 1): void {
    this.bar.increment(count);
  }

  done(): void {
    this.bar.stop();
  }
}

/** Shows time passing while `work` runs for a known while. */
export async function withTimeBar<T>(
  title: string,
  durationMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const progress = new Progress(title, Math.round(durationMs / 1000), 's');
  const startMs = performance.now();
  const timer = setInterval(() => {
    progress.update(Math.round((performance.now() - startMs) / 1000));
  }, 1000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    progress.done();
  }
}
