import type { CallOptions, Transport } from './transport.js';
import type { ListOptions } from './wire.js';

/** What an operator keeps under an id: rules, synonyms. */
export class NamedItems<T extends { id: string }> {
  /** `name` is the path's, and the member's of a list. */
  constructor(
    protected readonly transport: Transport,
    protected readonly name: string,
  ) {}

  /** One page; with `next_cursor` there are more. */
  async list(
    options: ListOptions & CallOptions = {},
  ): Promise<{ items: T[]; next_cursor: string | undefined }> {
    const { limit, cursor, ...call } = options;
    const query = { limit, cursor };
    const reply = (await this.transport.call(
      { method: 'GET', path: this.name, query, twice: 'nothing' },
      call,
    )) as Record<string, unknown>;
    return {
      items: (reply[this.name] ?? []) as T[],
      next_cursor: reply['next_cursor'] as string | undefined,
    };
  }

  /** Rejects with status 404 where there is none. */
  async get(id: string, options?: CallOptions): Promise<T> {
    const call = { method: 'GET', path: this.pathOf(id), twice: 'nothing' } as const;
    return (await this.transport.call(call, options)) as T;
  }

  /** Makes or replaces it. */
  async put(item: T, options?: CallOptions): Promise<T> {
    const { id, ...json } = item;
    const call = {
      method: 'PUT',
      path: this.pathOf(id),
      body: { json },
      twice: 'nothing',
    } as const;
    return (await this.transport.call(call, options)) as T;
  }

  async delete(id: string, options?: CallOptions): Promise<void> {
    const call = { method: 'DELETE', path: this.pathOf(id), twice: 'nothing' } as const;
    await this.transport.call(call, options);
  }

  private pathOf(id: string): string {
    return `${this.name}/${encodeURIComponent(id)}`;
  }
}
