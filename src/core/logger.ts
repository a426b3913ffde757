import { destination, pino, type Logger } from 'pino';

export type { Logger };

/** A JSON logger on standard error, so that standard output stays a command's own answer. */
export function createLogger(level: string, role: string): Logger {
  return pino({ level, base: { role, pid: process.pid } }, destination({ fd: 2, sync: false }));
}
