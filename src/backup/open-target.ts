import { FolderTarget } from './folder-target.js';
import { BackupProblem } from './problem.js';
import { S3Target } from './s3-target.js';
import type { BackupTarget } from './target.js';

/** A folder, or `s3://bucket/prefix`. Throws `BackupProblem`. */
export function openTarget(
  target: string,
  { endpoint, env }: { endpoint?: string | undefined; env: NodeJS.ProcessEnv },
): BackupTarget {
  if (!target.includes('://')) return new FolderTarget(target);
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)(?:\/(.*?))?\/?$/.exec(target) ?? [];
  if (bucket === undefined) {
    throw new BackupProblem(`${target} is neither a folder nor s3://bucket/prefix`);
  }
  return new S3Target({ bucket, prefix, endpoint: endpoint ?? env['AWS_ENDPOINT_URL'], env });
}
