import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { BackupProblem } from './problem.js';
import type { BackupTarget } from './target.js';

const CLAIM_FILE = 'running.json';
const BEAT_MS = 20_000;
/** Who has not been heard of for so long is gone. */
const FRESH_MS = 120_000;

/** Who is writing a backup. */
interface Claimant {
  id: string;
  host: string;
  pid: number;
  /** Epoch milliseconds: then it was alive. */
  atMs: number;
}

/** Keeps others from writing the same backup, as long as this process is alive. */
export class Claim {
  private readonly id = randomUUID();
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<void> = Promise.resolve();
  private isLost = false;

  constructor(
    private readonly target: BackupTarget,
    private readonly name: string,
  ) {}

  /** Rejects `BackupProblem` where another process writes it. */
  async take(): Promise<void> {
    const other = await claimantOf(this.target, this.name);
    if (other !== undefined) throw runs(this.name, other);
    await this.write();
    await this.check();
    // What fails is tried again by the next; whoever saves meets it himself.
    const beat = () => this.check().catch(() => undefined);
    this.timer = setInterval(() => {
      this.beating = this.beating.then(beat);
    }, BEAT_MS);
    this.timer.unref();
  }

  /** Rejects `BackupProblem` where another process has taken it since. */
  async check(): Promise<void> {
    const stored = await read(this.target, this.name);
    this.isLost ||= stored?.id !== this.id;
    if (this.isLost) throw runs(this.name, stored);
    await this.write();
  }

  async end(): Promise<void> {
    clearInterval(this.timer);
    await this.beating;
    if (!this.isLost) await this.target.remove(`${this.name}/${CLAIM_FILE}`);
  }

  private async write(): Promise<void> {
    const { id, name, target } = this;
    const claimant: Claimant = { id, host: hostname(), pid: process.pid, atMs: Date.now() };
    await target.write(`${name}/${CLAIM_FILE}`, Buffer.from(JSON.stringify(claimant)));
  }
}

/** Whether somebody is writing it. */
export async function isClaimed(target: BackupTarget, name: string): Promise<boolean> {
  return (await claimantOf(target, name)) !== undefined;
}

async function claimantOf(target: BackupTarget, name: string): Promise<Claimant | undefined> {
  const claimant = await read(target, name);
  if (claimant === undefined || Date.now() - claimant.atMs > FRESH_MS) return undefined;
  const isHere = claimant.host === hostname();
  return isHere && !isAlive(claimant.pid) ? undefined : claimant;
}

async function read(target: BackupTarget, name: string): Promise<Claimant | undefined> {
  const bytes = await target.read(`${name}/${CLAIM_FILE}`);
  try {
    return bytes && (JSON.parse(bytes.toString()) as Claimant);
  } catch {
    // Damaged: nobody's.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function runs(name: string, by: Claimant | undefined): BackupProblem {
  const who = by === undefined ? 'another process' : `process ${by.pid} on ${by.host}`;
  return new BackupProblem(`${name} is being written by ${who}: ask again once it has ended`);
}
