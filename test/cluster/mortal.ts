/** Asking them changes nothing, and an actor that waits does so all the time: one point of many. */
const IDLE = new Set<string>(['changedTenants']);
/** These compute, they do not ask. */
const SYNCHRONOUS = new Set<string | symbol>(['covers', 'damaged', 'detail', 'watch']);

/**
 * A process as its store sees it, which may be killed between any two of its questions: from then on it asks
 * nothing and hears nothing, though what it had asked for may have happened.
 */
export class Mortal {
  /** What it asked since it was armed. */
  calls: string[] = [];
  isDead = false;
  readonly died: Promise<void>;
  private diesAt = Infinity;
  private isKilled = false;
  private isBuried = false;
  private readonly waiting = new Set<(error: Error) => void>();
  private tell: () => void = () => undefined;

  /**
   * @param before each question of it: what others do meanwhile
   * @param onAnswer of each that it hears
   */
  constructor(
    private readonly onDeath: () => void = () => undefined,
    private readonly before: () => Promise<void> = async () => undefined,
    private readonly onAnswer: (name: string, answer: unknown) => void = () => undefined,
  ) {
    this.died = new Promise((resolve) => (this.tell = resolve));
  }

  /** It dies in place of its next question but `calls`. */
  arm(calls: number): void {
    this.calls = [];
    this.diesAt = calls;
  }

  /** Where it died: after what, and before what; undefined while it lives. */
  get point(): string | undefined {
    if (!this.isKilled) return undefined;
    const next = this.calls.at(-1) ?? '';
    return `after ${this.calls.at(-2) ?? 'the start'}, before ${next}`;
  }

  /** The store, or a part of it, as the process has it. */
  reach<T extends object>(target: T, prefix = ''): T {
    return new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name);
        if (name === 'records') return this.reach(member as object, 'records.');
        if (typeof member !== 'function') return member;
        const method = member.bind(target) as (...args: unknown[]) => Promise<unknown>;
        if (SYNCHRONOUS.has(name)) return method;
        return (...args: unknown[]) => this.ask(prefix + String(name), () => method(...args));
      },
    });
  }

  /** Anything that it waits for. */
  async ask<T>(name: string, action: () => Promise<T>): Promise<T> {
    if (!this.isDead && !IDLE.has(name)) {
      this.calls.push(name);
      if (this.calls.length > this.diesAt) this.die();
    }
    await this.unlessDead();
    await this.before();
    const answer = await action();
    await this.unlessDead();
    this.onAnswer(name, answer);
    return answer;
  }

  /** What is left of it in this process ends with errors, so that it can be closed. */
  bury(): void {
    this.isDead = true;
    this.isBuried = true;
    for (const reject of this.waiting) reject(new Error('it is dead'));
    this.waiting.clear();
  }

  private die(): void {
    this.isDead = true;
    this.isKilled = true;
    this.onDeath();
    this.tell();
  }

  /** Never resolves once it is dead. */
  private async unlessDead(): Promise<void> {
    if (this.isBuried) throw new Error('it is dead');
    if (this.isDead) await new Promise((_, reject) => this.waiting.add(reject));
  }
}
