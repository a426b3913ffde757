import { hostname } from 'node:os';
import { ConfigError } from '../config/setting.js';
import type { Config } from '../config/settings.js';
import { createLogger, type Logger } from '../core/logger.js';
import { packageFile, packageVersion } from './package-file.js';

/** What a stop gives to the reports that wait. */
const CLOSE_MS = 1_000;

export interface OpenedLogger {
  logger: Logger;
  /** Once all else of the role is closed. Never rejects. */
  close: () => Promise<void>;
}

/** The log of a role. With a `SENTRY_DSN` what it has as errors is reported there, and what the process dies of. */
export async function openLogger(config: Config, role: string): Promise<OpenedLogger> {
  const { logLevel, sentryDsn, environment } = config;
  if (sentryDsn === undefined) {
    return { logger: createLogger(logLevel, role), close: async () => undefined };
  }
  const { ErrorReporter } = await import('../telemetry/error-reporter.js');
  const logger: Logger = createLogger(logLevel, role, (logged) => reporter.report(logged));
  const origin = { version: packageVersion(), environment, role, host: hostname() };
  const sender = packageFile('dist/telemetry/send-last-report.js');
  const reporter = reporterOf(() => new ErrorReporter(sentryDsn, origin, sender, logger));
  process.on('uncaughtExceptionMonitor', (error) => reporter.reportLast(error));
  return { logger, close: () => reporter.close(CLOSE_MS) };
}

function reporterOf<T>(make: () => T): T {
  try {
    return make();
  } catch {
    throw new ConfigError('SENTRY_DSN must be https://KEY@HOST/PROJECT');
  }
}
