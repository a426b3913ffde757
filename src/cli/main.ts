#!/usr/bin/env node
import { ConfigError } from '../config/setting.js';
import { helpFor, helpForAll, wantsHelp } from '../config/help.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/settings.js';
import { isVerb, type Verb } from '../config/verbs.js';
import type { Logger } from '../core/logger.js';
import { tooFewFiles } from './open-files.js';
import { openLogger } from './open-logger.js';
import { packageVersion } from './package-file.js';
import { runRole, type Opened } from './run-role.js';
import { complain, WRONG_USAGE } from './terminal.js';

const COULD_NOT_START = 1;

type StartRole = (
  config: Config,
  logger: Logger,
  opened: Opened,
  stopping: AbortSignal,
) => Promise<void>;

/** Runs `omnisearch …`; resolves with the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const [verb, ...argv] = args;
  if (verb === '--version' || verb === '-v') {
    process.stdout.write(`omnisearch ${packageVersion()}\n`);
    return 0;
  }
  if (verb === undefined || verb === 'help' || verb.startsWith('-')) {
    const asked = verb !== undefined && wantsHelp(args);
    (asked || verb === 'help' ? process.stdout : process.stderr).write(helpForAll());
    return asked || verb === 'help' ? 0 : WRONG_USAGE;
  }
  if (!isVerb(verb)) return complain(WRONG_USAGE, `there is no ${verb}: try omnisearch --help`);
  if (wantsHelp(argv)) {
    process.stdout.write(helpFor(verb));
    return 0;
  }
  const { config, positionals, warnings } = loadConfig({ verb, argv, env: process.env });
  for (const warning of warnings) process.stderr.write(`omnisearch: ${warning}\n`);
  return run(verb, config, positionals);
}

/** Each verb loads only its own part: a shard process starts without HTTP and ONNX. */
async function run(verb: Verb, config: Config, positionals: string[]): Promise<number> {
  switch (verb) {
    case 'up':
      return role(verb, async () => (await import('./up.js')).startUp, config);
    case 'query-node':
      return role(verb, async () => (await import('./query-node.js')).startQueryNode, config);
    case 'shard-node':
      return role(verb, async () => (await import('./shard-node.js')).startShardNode, config);
    case 'worker':
      return role(verb, async () => (await import('./worker.js')).startWorker, config);
    case 'balancer':
      return role(verb, async () => (await import('./balancer.js')).startBalancer, config);
    case 'autoscale': {
      const load = () => import('./autoscale/autoscale-command.js');
      if (config.dryRun) return (await load()).explainAutoscale(config);
      return role(verb, async () => (await load()).startAutoscale, config);
    }
    case 'index':
      return (await import('./index-command.js')).runIndex(config, positionals);
    case 'sync':
      return (await import('./sync-command.js')).runSync(config, positionals, untilStopped());
    case 'search':
      return (await import('./search-command.js')).runSearch(config, positionals);
    case 'placement':
      return (await import('./placement-command.js')).runPlacement(config, positionals);
    case 'tenants':
      return (await import('./tenants-command.js')).runTenants(config, positionals);
    case 'migrate': {
      const { runMigrate } = await import('./migrate/migrate-command.js');
      return runMigrate(config, positionals, untilStopped());
    }
    case 'keys':
      return (await import('./keys-command.js')).runKeys(config, positionals);
    case 'backup':
      closeToOthers();
      return (await import('./backup/backup-command.js')).runBackup(config, positionals);
    case 'restore':
      return (await import('./backup/restore-command.js')).runRestore(config, positionals);
    case 'rollback':
      return (await import('./backup/rollback-command.js')).runRollback(config, positionals);
    case 'check':
      return (await import('./check/check-command.js')).runCheck(config);
    case 'report':
      closeToOthers();
      return (await import('./report/report-command.js')).runReport(config);
    case 'store':
      closeToOthers();
      return (await import('./store-command.js')).runStore(config, positionals);
    case 'plan':
      return (await import('./plan/plan-command.js')).runPlan(config);
    case 'calibrate':
      return (await import('./plan/calibrate-command.js')).runCalibrate(config, untilStopped());
    case 'models':
      return (await import('./models.js')).runModels(positionals);
  }
}

async function role(name: string, load: () => Promise<StartRole>, config: Config): Promise<number> {
  const problem = tooFewFiles();
  if (problem !== undefined) return complain(COULD_NOT_START, problem);
  closeToOthers();
  const { logger, close } = await openLogger(config, name);
  const start = await load();
  const code = await runRole(
    (opened, stopping) => start(config, logger, opened, stopping),
    logger,
    config,
  );
  await close();
  return code;
}

/** Aborted when a service manager, or who is at the terminal, wants the command to end. */
function untilStopped(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(name, () => stop.abort(new Error('stopped')));
  }
  return stop.signal;
}

/** What is written from now on is for this user alone: folders 0700, files 0600. */
function closeToOthers(): void {
  process.umask(0o077);
}

// Whoever reads a command's answer may stop before its end: `omnisearch placement show | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

main(process.argv.slice(2)).then(
  // Not `process.exit`: what was written to a pipe may still be on its way.
  (code) => (process.exitCode = code),
  (error: unknown) => {
    if (error instanceof ConfigError) process.exitCode = complain(WRONG_USAGE, error.message);
    else throw error;
  },
);
