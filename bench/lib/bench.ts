import { NoiseMeter, type NoiseReport } from '../load/noise.js';
import { COMMON_FLAGS, describeFlags, parseFlags, type Flags, type FlagSpecs } from './flags.js';
import { describeMachine, describeVersions } from './machine.js';
import { processTree } from './processes.js';
import { writeReport, type Figure } from './report.js';

/** Something that a bench started and that must be gone when it ends. */
export interface Resource {
  close(): Promise<unknown>;
}

export interface BenchSpec<S extends FlagSpecs> {
  /** As in `npm run bench:NAME`. */
  name: string;
  about: string;
  /** It ends by itself within this many minutes, on 2 cores, or fails saying so. */
  maxMinutes: number | ((flags: Flags<S>) => number);
  flags: S;
}

/** What a bench hands back: the facts for the report. Keys are those of the JSON file. */
export interface BenchResult {
  /** What was measured on: names, counts, dimensions, hardness. */
  data: Record<string, unknown>;
  results: unknown;
  /** The few numbers worth a line in README. */
  figures: Figure[];
  /** Versions beyond this project's own, for instance of other engines. */
  versions?: Record<string, string>;
}

/** The run of one bench: its options and what it needs around its story. */
export class BenchRun<S extends FlagSpecs> {
  readonly noise = new NoiseMeter();
  private readonly resources: Resource[] = [this.noise];
  private readonly laps: (NoiseReport & { step: string })[] = [];

  constructor(readonly flags: Flags<S> & Flags<typeof COMMON_FLAGS>) {}

  /** A heading on standard error before each step. */
  say(text: string): void {
    process.stderr.write(`• ${text}\n`);
  }

  /** Registers what must be closed at the end, whatever happens; last in, first out. */
  use<R extends Resource>(resource: R): R {
    this.resources.push(resource);
    return resource;
  }

  /** As {@link use}, for what takes time to start: closed also when the run ends meanwhile. */
  async start<R extends Resource>(starting: Promise<R>): Promise<R> {
    const pending = {
      close: async () => {
        const resource = await starting.catch(() => undefined); // a failed start leaves nothing
        await resource?.close();
      },
    };
    this.resources.push(pending);
    const resource = await starting;
    const index = this.resources.indexOf(pending);
    if (index < 0) throw new Error('the run has ended');
    this.resources[index] = resource;
    return resource;
  }

  /** Closes one resource early. */
  async release(resource: Resource): Promise<void> {
    const index = this.resources.lastIndexOf(resource);
    if (index >= 0) this.resources.splice(index, 1);
    await resource.close();
  }

  /** Runs one measured step with the noise meter beside it. */
  async measure<T>(step: string, work: () => Promise<T>): Promise<T> {
    await this.noise.lap();
    const result = await work();
    const lap = await this.noise.lap();
    this.laps.push({ step, ...lap });
    if (lap.noisy) this.say(`noisy machine during ${step}: ${lap.reasons.join('; ')}`);
    return result;
  }

  noiseSummary() {
    const noisy = this.laps.filter((lap) => lap.noisy);
    return { noisy: noisy.length > 0, noisy_steps: noisy.map((lap) => lap.step), steps: this.laps };
  }

  /** Closes everything, also when one part fails to close, and then throws what failed. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let next = this.resources.pop(); next !== undefined; next = this.resources.pop()) {
      await next.close().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new Error(failures.map(message).join('\n'));
  }
}

/**
 * Runs a bench from the command line: reads its options, tells its story, prints and writes the
 * report, closes everything, and fails when a process is left. Exit code 0, 1 for a failure, 2 for
 * wrong usage, 130 when interrupted.
 */
export async function bench<S extends FlagSpecs>(
  spec: BenchSpec<S>,
  story: (run: BenchRun<S>) => Promise<BenchResult>,
): Promise<void> {
  const specs = { ...COMMON_FLAGS, ...spec.flags };
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(`npm run bench:${spec.name} -- [options]\n${spec.about}\n`);
    process.stdout.write(`${describeFlags(specs)}\n`);
    return;
  }
  let flags;
  try {
    flags = parseFlags(specs, args) as Flags<S> & Flags<typeof COMMON_FLAGS>;
  } catch (error) {
    process.stderr.write(`${message(error)}\n`);
    process.exitCode = 2;
    return;
  }

  const { maxMinutes } = spec;
  const minutes = typeof maxMinutes === 'number' ? maxMinutes : maxMinutes(flags);
  const run = new BenchRun<S>(flags);
  const startedAt = new Date();
  const limit = endWhen(minutes);
  try {
    run.say(`${spec.name}: ${spec.about} At most ${String(minutes)} minutes.`);
    const result = await Promise.race([story(run), limit.reached]);
    const noise = run.noiseSummary();
    await writeReport(flags.json, {
      bench: spec.name,
      command: commandOf(spec.name, args),
      started_at: startedAt.toISOString(),
      duration_s: Math.round((Date.now() - startedAt.getTime()) / 1000),
      seed: flags.seed,
      options: flags,
      machine: describeMachine(),
      ...result,
      versions: { ...describeVersions(), ...result.versions },
      noise,
    });
    if (noise.noisy) {
      const { noisy_steps: steps, steps: all } = noise;
      process.stdout.write(
        `\nNOISY MACHINE in ${String(steps.length)} of ${String(all.length)} steps: ` +
          `do not trust the medians. Noisy were: ${steps.join('; ')}\n`,
      );
    }
  } catch (error) {
    process.stderr.write(`bench:${spec.name} failed: ${message(error)}\n`);
    process.exitCode = limit.interrupted() ? 130 : 1;
  } finally {
    limit.clear();
    await run.close().catch((error: unknown) => {
      process.stderr.write(`${message(error)}\n`);
      process.exitCode = 1;
    });
    failOnLeftovers();
  }
  // After an aborted story its own loops may still be pending; nothing of it matters any more.
  process.exit();
}

/** Rejects at the stated time, or on Ctrl-C, so that the bench cleans up and ends. */
function endWhen(maxMinutes: number) {
  let interrupted = false;
  let timer: NodeJS.Timeout | undefined;
  let onSignal = (): void => undefined;
  const reached = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`not done after ${String(maxMinutes)} minutes`));
    }, maxMinutes * 60_000);
    onSignal = () => {
      interrupted = true;
      reject(new Error('interrupted'));
    };
    process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  });
  return {
    reached,
    interrupted: () => interrupted,
    clear: () => {
      clearTimeout(timer);
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    },
  };
}

/** Ends what is left of this process's own children, and says so: that is a fault of the bench. */
function failOnLeftovers(): void {
  // tsx's esbuild service is a child of this process and ends with it.
  const left = processTree(process.pid).filter(
    ({ pid, name }) => pid !== process.pid && !name.includes('esbuild'),
  );
  for (const { pid, name } of left) {
    process.stderr.write(`left running (killed now): ${String(pid)} ${name}\n`);
    process.kill(pid, 'SIGKILL');
    process.exitCode = 1;
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What to type for the same figures: where the report went is nobody else's concern. */
function commandOf(name: string, args: readonly string[]): string {
  const telling = args.filter((arg, i) => arg !== '--json' && args[i - 1] !== '--json');
  return ['npm run', `bench:${name}`, ...(telling.length > 0 ? ['--', ...telling] : [])].join(' ');
}
