import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));

/** A line of a walk: one command, or several, and what its comment promises. */
export interface Step {
  /** Each as its words, without quotes. */
  commands: string[][];
  /** Goes on while the next ones run. */
  isBackground: boolean;
  comment: string;
}

/** The blocks of shell of a section of the README, in their order. */
export function blocksOf(section: string): string[] {
  const text = readFileSync(README, 'utf8');
  const [, body = ''] = text.split(`\n## ${section}\n`);
  const [own = ''] = body.split('\n## ');
  return [...own.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
}

/** The commands of a section of the README, in their order, of all its blocks of shell. */
export function stepsOf(section: string): Step[] {
  return blocksOf(section)
    .flatMap((block) => block.split('\n'))
    .flatMap(stepOf);
}

function stepOf(line: string): Step[] {
  const [, code = '', comment = ''] = /^([^#]*?)\s*(?:#\s*(.*))?$/.exec(line) ?? [];
  if (code === '') return [];
  const isBackground = code.endsWith('&');
  const commands = code
    .replace(/&$/, '')
    .split(';')
    .map((each) =>
      [...each.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? ''),
    );
  return [{ commands, isBackground, comment }];
}
