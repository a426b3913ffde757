import { randomUUID } from 'node:crypto';
import { MongoServerError, type MongoClient } from 'mongodb';
import type { Collections } from './collections.js';

/** What servers that speak MongoDB's protocol do not all have. */
export interface ServerFeatures {
  /** Transactions whose writes all readers see at one moment. */
  transactions: boolean;
  /** As far as the server tells: opening one may still fail. */
  changeStreams: boolean;
}

interface HelloReply {
  setName?: string;
  msg?: string;
  logicalSessionTimeoutMinutes?: number | null;
  /** Of documentdb, whose gateway says that it is `isdbgrid` and is one server. */
  internal?: { documentdb_versions?: unknown };
}

/** Rejects when the server does not answer. */
export async function askFeatures(
  client: MongoClient,
  collections: Pick<Collections, 'meta'>,
): Promise<ServerFeatures> {
  const hello = (await client.db().command({ hello: 1 })) as HelloReply;
  const isReplicaSet = hello.setName !== undefined;
  // Shards of a cluster show a commit each at its own moment: a follower could read past the rest of it.
  const isOne = isReplicaSet || hello.internal?.documentdb_versions !== undefined;
  const hasSessions = typeof hello.logicalSessionTimeoutMinutes === 'number';
  return {
    transactions: isOne && hasSessions && (await undoes(client, collections)),
    changeStreams: isReplicaSet || hello.msg === 'isdbgrid',
  };
}

/** Whether what a transaction wrote is gone once it is aborted: servers have been seen to ignore it. */
async function undoes(client: MongoClient, { meta }: Pick<Collections, 'meta'>): Promise<boolean> {
  const _id = `trial ${randomUUID()}`;
  try {
    await client.withSession(async (session) => {
      session.startTransaction();
      await meta.insertOne({ _id }, { session });
      await session.abortTransaction();
    });
  } catch (error) {
    // A server that is about to stop or to lose its place says so by a label: that is no answer.
    if (!(error instanceof MongoServerError) || error.errorLabels.length > 0) throw error;
    return false;
  }
  return (await meta.deleteOne({ _id })).deletedCount === 0;
}
