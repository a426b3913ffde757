import type { FilesOffered, ReadFile } from '../../protocol/messages.js';

/** How a shard reaches the others, by their names in the placement. Each call has a deadline of its own; all reject `OmniError`. */
export interface PeerCalls {
  /** What is sealed there of the tenant, under one generation of its text settings. */
  offer(
    node: string,
    tenant: string,
    generation: number,
    signal: AbortSignal,
  ): Promise<FilesOffered>;
  read(node: string, range: Omit<ReadFile, 'type'>, signal: AbortSignal): Promise<Uint8Array>;
  /** Nothing more is read of that offer. */
  end(node: string, transfer: string): void;
}
