import { latestOfAll } from '../../backup/latest.js';
import { timeOfName } from '../../backup/manifest.js';
import { openTarget } from '../../backup/open-target.js';
import { OmniSearchError } from '../../client/errors.js';
import { Transport } from '../../client/transport.js';
import type { Config } from '../../config/settings.js';
import { reasonOf } from '../../core/errors.js';
import { problemOf } from '../api-problem.js';
import { MetricsPage } from '../metrics-text.js';
import { complain, print } from '../terminal.js';
import { linesOf } from '../text-table.js';
import { exitCodeOf, problemsOf, type Finding } from './finding.js';
import { judgeBackup, judgeCertificate, judgeFigures } from './judge-figures.js';
import { judgeHealth, type HealthBody } from './judge-health.js';
import { certificateEnd } from './peer-certificate.js';

const NOT_TOLD = 2;

type CheckConfig = Pick<
  Config,
  'url' | 'adminKey' | 'json' | 'notify' | 'backups' | 'endpoint' | 'maxBackupAgeMs'
>;

/**
 * `omnisearch check`: health, memory, disk, lag, backups and certificates of a server. Resolves with the exit code that
 * monitoring reads: 0 all is well, 1 a warning, 2 critical, not reached, or nobody could be told; 2 for wrong usage as well.
 */
export async function runCheck(config: CheckConfig): Promise<number> {
  const findings = await look(config);
  const code = exitCodeOf(findings);
  if (config.json) print(JSON.stringify({ status: code, findings }));
  else for (const line of linesOf(findings.map(rowOf))) print(line);
  const problems = problemsOf(findings);
  if (problems.length === 0 || config.notify === undefined) return code;
  try {
    // Only where there is something to tell: a library for mail is not loaded every five minutes.
    const { notify } = await import('./notify.js');
    await notify(config.notify, { url: config.url, problems });
    return code;
  } catch (error) {
    return complain(NOT_TOLD, `nobody was told: ${reasonOf(error)}`);
  }
}

async function look(config: CheckConfig): Promise<Finding[]> {
  const { url, adminKey, backups } = config;
  const transport = new Transport({ addresses: [url], apiKey: adminKey });
  const get = { method: 'GET', twice: 'nothing' } as const;
  const ready = finding('ready', async () => {
    await transport.call({ ...get, path: 'readyz' });
    return [{ check: 'ready', level: 'ok', message: 'searches are answered' }];
  });
  const health = finding('health', async () =>
    judgeHealth((await transport.call({ ...get, path: 'healthz' })) as HealthBody),
  );
  const figures = finding('metrics', async () => {
    const reads = { isWhole: (text: string) => text.endsWith('\n') };
    const text = await transport.call({ ...get, path: 'metrics', reads });
    return judgeFigures(new MetricsPage(String(text)), Date.now());
  });
  const certificate = url.startsWith('https:')
    ? finding('certificate', async () => [
        judgeCertificate(url, await certificateEnd(new URL(url)), Date.now()),
      ])
    : [];
  const backup =
    backups === undefined ? [] : finding('backup', async () => [await lastBackup(backups, config)]);
  return (await Promise.all([ready, health, figures, certificate, backup])).flat();
}

/** Of all that are whole there: one of a single tenant does not say that the others are safe. */
async function lastBackup(from: string, config: CheckConfig): Promise<Finding> {
  const target = openTarget(from, { endpoint: config.endpoint, env: process.env });
  const last = await latestOfAll(target);
  const begunAt = last === undefined ? undefined : timeOfName(last);
  return judgeBackup(begunAt, Date.now(), config.maxBackupAgeMs);
}

/** What could not be looked at is critical: nobody knows how it is. */
async function finding(check: string, judge: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await judge();
  } catch (error) {
    const message = error instanceof OmniSearchError ? problemOf(error) : reasonOf(error);
    return [{ check, level: 'critical', message }];
  }
}

function rowOf({ level, check, message }: Finding): string[] {
  return [level, check, message];
}
