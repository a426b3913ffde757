import { readFile } from 'node:fs/promises';
import { readPolicy, type Policy } from '../../capacity/autoscale/policy.js';
import { ConfigError } from '../../config/setting.js';
import { reasonOf } from '../../core/errors.js';

/** The policy that a file has. Throws `ConfigError`, which names the member that is wrong. */
export async function policyOf(file: string): Promise<Policy> {
  const json = await readFile(file, 'utf8')
    .then((text): unknown => JSON.parse(text))
    .catch((error: unknown) => {
      throw new ConfigError(`--policy must be a file of JSON: ${reasonOf(error)}`);
    });
  const policy = readPolicy(json);
  if ('problem' in policy) throw new ConfigError(`--policy ${file}: ${policy.problem}`);
  return policy;
}
