/** Exit code of a command that was called the wrong way. */
export const WRONG_USAGE = 2;

/** A line of the command's own answer. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Says on standard error what is wrong; returns `code`, for the command to end with. */
export function complain(code: number, line: string): number {
  process.stderr.write(`omnisearch: ${line}\n`);
  return code;
}
