import { Transport } from '../client/transport.js';
import type { Config } from '../config/settings.js';
import { pagesOf } from './api-pages.js';

/** As `GET /admin/cluster` has them. */
export interface NodeBody {
  name: string;
  zone: string | null;
  alive: boolean;
  drained: boolean;
  dedicated_to?: string;
  bytes: number;
  live_bytes: number;
  capacity_bytes: number | null;
  load: number | null;
}

export interface PartitionBody {
  tenant: string;
  id: string;
  categories: string[] | 'rest';
  range: [from: number, to: number];
  rows: number;
  pinned?: boolean;
  replicas: { node: string; state: string }[];
}

/** What would relieve a node; which members there are goes by `action`. */
export interface AdviceBody extends Partial<Omit<PartitionBody, 'replicas' | 'pinned'>> {
  action: 'move' | 'split' | 'wait' | 'unpin' | 'add';
  node: string;
  cause: 'memory' | 'load';
  /** Of 1. */
  share: number;
  share_after?: number;
  from?: string[];
  to?: string[];
  bytes?: number;
  seconds?: number;
  nodes?: string[];
}

export interface ClusterBody {
  nodes: NodeBody[];
  partitions: PartitionBody[];
  advice?: AdviceBody[];
  next_cursor?: string;
}

export interface PlanBody {
  moves: (Omit<PartitionBody, 'replicas' | 'pinned'> & {
    from: string[];
    to: string[];
    bytes: number;
  })[];
  total: { moves: number; rows: number; bytes: number; seconds: number };
  rows_per_s: number;
  advice?: AdviceBody[];
}

/** What came of a change; all but `partitions` with `dry_run` alone. */
export type ChangedBody = { partitions: PartitionBody[] } & Partial<DryRunBody>;

export interface DryRunBody extends PlanBody {
  dry_run: true;
  before: PartitionBody[];
  partitions: PartitionBody[];
}

/** Which partitions are meant, as the routes below `/admin/placement` take it, and whether it is only tried. */
export type Choice = Pick<Config, 'partition' | 'category'> & {
  tenant: string;
  dry_run?: true;
};

/** All tenants' placements are read, and written, before an answer comes. */
const TIMES = { timeoutMs: 600_000, attemptTimeoutMs: 300_000 };

/** The routes of `/admin` that have to do with placement. Rejects `OmniSearchError`, or the signal's reason. */
export class PlacementClient {
  private readonly transport: Transport;

  constructor({ url, adminKey }: Pick<Config, 'url' | 'adminKey'>) {
    this.transport = new Transport({ addresses: [url], apiKey: adminKey, ...TIMES });
  }

  async page(
    query: { tenant?: string | undefined; node?: string; limit?: number; cursor?: string },
    signal?: AbortSignal,
  ): Promise<ClusterBody> {
    const call = { method: 'GET', path: 'admin/cluster', query, twice: 'nothing' } as const;
    return (await this.transport.call(call, { signal })) as ClusterBody;
  }

  /** One after the other, of one tenant or of all. */
  pages(tenant?: string, signal?: AbortSignal): AsyncGenerator<ClusterBody> {
    return pagesOf((cursor) =>
      this.page({ tenant, ...(cursor === undefined ? {} : { cursor }) }, signal),
    );
  }

  /** All pages as one. */
  async cluster(tenant: string | undefined): Promise<ClusterBody> {
    const all: Required<Pick<ClusterBody, 'nodes' | 'partitions' | 'advice'>> = {
      ...{ nodes: [], partitions: [], advice: [] },
    };
    for await (const { nodes, partitions, advice = all.advice } of this.pages(tenant)) {
      all.nodes = nodes;
      all.partitions.push(...partitions);
      all.advice = advice;
    }
    return all;
  }

  /** With `drain`, what draining that node comes to. */
  async plan(drain?: string): Promise<PlanBody> {
    const call = { method: 'GET', path: 'admin/placement/plan', twice: 'nothing' } as const;
    return (await this.transport.call({ ...call, query: { drain } })) as PlanBody;
  }

  async apply(): Promise<PlanBody> {
    return (await this.post('admin/placement/apply', {})) as PlanBody;
  }

  async move(choice: Choice, to: readonly string[]): Promise<ChangedBody> {
    return (await this.post('admin/placement/move', { ...choice, to })) as ChangedBody;
  }

  async pin(choice: Choice, pinned: boolean): Promise<ChangedBody> {
    return (await this.post('admin/placement/pin', { ...choice, pinned })) as ChangedBody;
  }

  async split(choice: Choice): Promise<ChangedBody> {
    const call = { method: 'POST', path: 'admin/placement/split', body: { json: choice } } as const;
    return (await this.transport.call({ ...call, twice: 'harm' })) as ChangedBody;
  }

  /** One partition; more of them while they have to come together first. */
  async merge(choice: Choice, signal?: AbortSignal): Promise<ChangedBody> {
    return (await this.post('admin/placement/merge', choice, signal)) as ChangedBody;
  }

  async drain(node: string, signal?: AbortSignal): Promise<PlanBody> {
    return (await this.post(drainPath(node), {}, signal)) as PlanBody;
  }

  async undrain(node: string): Promise<void> {
    await this.transport.call({ method: 'DELETE', path: drainPath(node), twice: 'nothing' });
  }

  /** What is asked for may be asked for again. */
  private post(path: string, json: object, signal?: AbortSignal): Promise<unknown> {
    const call = { method: 'POST', path, body: { json }, twice: 'nothing' } as const;
    return this.transport.call(call, { signal });
  }
}

function drainPath(node: string): string {
  return `admin/nodes/${encodeURIComponent(node)}/drain`;
}
