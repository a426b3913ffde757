/** A line of a stack as Sentry has it. */
export interface StackFrame {
  function: string;
  filename: string;
  lineno?: number;
  colno?: number;
  in_app: boolean;
}

const MAX_FRAMES = 50;
const FRAME = /^\s*at (?:async )?(?:(.*?) \()?(.*?)(?::(\d+):(\d+))?\)?$/;
/** Where a file is, from the package on: where that lies is nobody's business. */
const IN_PACKAGE = /(?:^|.*\/)((?:dist|src|node_modules)\/.*)$/;

/** Outermost call first. */
export function stackFrames(stack: string | undefined): StackFrame[] {
  const lines = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return lines.slice(0, MAX_FRAMES).map(frameOf).toReversed();
}

function frameOf(line: string): StackFrame {
  const [, name, path = '', lineno, colno] = FRAME.exec(line) ?? [];
  const filename = fileOf(path);
  return {
    ...{ function: name ?? '<anonymous>', filename },
    ...(lineno === undefined ? {} : { lineno: Number(lineno), colno: Number(colno) }),
    in_app: /^(dist|src)\//.test(filename),
  };
}

function fileOf(path: string): string {
  if (path.startsWith('node:')) return path;
  const plain = path.replace(/^file:\/\//, '').replaceAll('\\', '/');
  return IN_PACKAGE.exec(plain)?.[1] ?? plain.slice(plain.lastIndexOf('/') + 1);
}
