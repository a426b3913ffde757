import type { MongoClient } from 'mongodb';

/** A server as it last said. */
export interface ServerState {
  secondary: boolean;
  /** Its latest write, epoch ms by the clock of the primary. */
  lastWriteMs: number;
  /** When it said so, by this process's clock, epoch ms. */
  heardAtMs: number;
}

/** The part of a server's answer to `hello` that is read here. */
interface HelloReply {
  secondary?: boolean;
  lastWrite?: { lastWriteDate?: Date };
}

/** How far the servers of a replica set are, by their heartbeats; nothing is known of servers that are none of one. */
export class ServerWatch {
  readonly states = new Map<string, ServerState>();

  constructor(client: MongoClient) {
    client.on('serverHeartbeatSucceeded', ({ connectionId, reply }) => {
      const { secondary, lastWrite } = reply as HelloReply;
      const lastWriteMs = lastWrite?.lastWriteDate?.getTime();
      if (lastWriteMs === undefined) {
        this.states.delete(connectionId);
        return;
      }
      const heard = { lastWriteMs, heardAtMs: Date.now() };
      this.states.set(connectionId, { secondary: secondary === true, ...heard });
    });
    client.on('serverHeartbeatFailed', ({ connectionId }) => this.states.delete(connectionId));
  }
}

/**
 * How far the secondary that is furthest behind is behind the primary, seconds: what each had not written when it was
 * heard, whenever that was (as in MongoDB's "Server Selection"). Undefined where there are not both.
 */
export function lagSeconds(states: ReadonlyMap<string, ServerState>): number | undefined {
  const all = [...states.values()];
  const primary = all.find(({ secondary }) => !secondary);
  const secondaries = all.filter(({ secondary }) => secondary);
  if (primary === undefined || secondaries.length === 0) return undefined;
  const oldMs = ({ heardAtMs, lastWriteMs }: ServerState): number => heardAtMs - lastWriteMs;
  return Math.max(0, Math.max(...secondaries.map(oldMs)) - oldMs(primary)) / 1_000;
}
