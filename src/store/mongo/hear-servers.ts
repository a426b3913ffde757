import type { MongoClient } from 'mongodb';
import { isNamed, type ReadTags } from './read-tags.js';
import type { ReplicaLag } from './replica-lag.js';

/** The part of a server's answer to `hello` that is read here. */
interface HelloReply {
  secondary?: boolean;
  isWritablePrimary?: boolean;
  tags?: Record<string, string>;
  lastWrite?: { lastWriteDate?: Date; majorityWriteDate?: Date };
}

/**
 * Has `lag` know what servers of a replica set answer to heartbeats of `client`, as often as it asks them; of its
 * secondaries those that `tags` name.
 */
export function hearServers(client: MongoClient, lag: ReplicaLag, tags: ReadTags = []): void {
  client.on('serverHeartbeatSucceeded', ({ connectionId: server, reply }) => {
    const { secondary, isWritablePrimary, lastWrite, tags: own = {} } = reply as HelloReply;
    // Reads see what a majority has.
    const written = lastWrite?.majorityWriteDate ?? lastWrite?.lastWriteDate;
    const isRead = secondary === true && isNamed(tags, own);
    const isMember = isRead || isWritablePrimary === true;
    if (written === undefined || !isMember) lag.lost(server);
    else {
      const state = { isSecondary: secondary === true, writtenMs: written.getTime() };
      lag.heard(server, { ...state, atMs: performance.now() });
    }
  });
  client.on('serverHeartbeatFailed', ({ connectionId }) =>
    lag.silent(connectionId, performance.now()),
  );
  client.on('serverClosed', ({ address }) => lag.lost(address));
}
