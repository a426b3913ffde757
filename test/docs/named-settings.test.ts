import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { settingFlag, settingName } from '../../src/config/setting.js';
import { allSettings, settingsOf } from '../../src/config/settings.js';
import { isVerb, VERBS } from '../../src/config/verbs.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NAMES = new Set(allSettings().map(([key]) => `OMNISEARCH_${settingName(key)}`));
/** Of docker-compose.yml and of tests. */
const OTHERS = new Set(['OMNISEARCH_PUBLISH', 'OMNISEARCH_NATIVE_FLAGS', 'OMNISEARCH_SHARED']);

const inFolder = (folder: string, form: RegExp): string[] =>
  readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => form.test(name) && !name.startsWith('decisions'))
    .map((name) => `${folder}/${name}`);

const DOCS = ['README.md', 'CONTRIBUTING.md', ...inFolder('docs', /\.md$/)];
const DEPLOYED = [
  'docker-compose.yml',
  ...inFolder('deploy', /Dockerfile$|\.(conf|cfg|js|service|timer|yaml|tpl|txt)$/),
];

/** What is not one of `NAMES`, in a text. */
function unknownNames(text: string): string[] {
  const named = text.match(/\bOMNISEARCH_[A-Z][A-Z\d_]*[A-Z\d]\b(?!\*)/g) ?? [];
  return named.filter((name) => !NAMES.has(name) && !OTHERS.has(name));
}

/** `omnisearch VERB … --flag` of a line that its verb does not have, or whose verb there is not. */
function unknownFlags(line: string): string[] {
  return [...line.matchAll(/\bomnisearch ([a-z][a-z-]*)((?: [^;|&`#]*)?)/g)].flatMap(
    ([, verb = '', rest = '']) => {
      if (!isVerb(verb)) return [`omnisearch ${verb}`];
      const known = new Set(settingsOf(verb).map(([key]) => settingFlag(key)));
      const flags = rest.match(/(?<= )--[a-z][a-z-]*/g) ?? [];
      return flags
        .filter((flag) => !known.has(flag) && flag !== '--help')
        .map((flag) => `omnisearch ${verb} ${flag}`);
    },
  );
}

/** Shell: the blocks of a document, or its lines where it is a file of deploy/. */
function commandLines(name: string, text: string): string[] {
  const joined = text.replaceAll('\\\n', ' ');
  if (!name.endsWith('.md'))
    return joined.split('\n').filter((line) => line.startsWith('ExecStart='));
  const blocks = [...joined.matchAll(/```(?:sh|ini|)\n(.*?)```/gs)].map(([, block = '']) => block);
  return blocks.flatMap((block) => block.split('\n')).filter((line) => !line.startsWith('#'));
}

test.each([...DOCS, ...DEPLOYED])('%s names settings and flags that there are', (name) => {
  const text = readFileSync(ROOT + name, 'utf8');
  expect(unknownNames(text)).toEqual([]);
  expect(commandLines(name, text).flatMap(unknownFlags)).toEqual([]);
});

test('a setting or flag that there is not is found', () => {
  expect(unknownNames('OMNISEARCH_PORT=1 OMNISEARCH_PROT=2')).toEqual(['OMNISEARCH_PROT']);
  expect(unknownFlags('omnisearch up --port 1 --prot 2 &')).toEqual(['omnisearch up --prot']);
  expect(unknownFlags('npx omnisearch upp')).toEqual(['omnisearch upp']);
  expect(Object.keys(VERBS).flatMap((verb) => unknownFlags(`omnisearch ${verb} --help`))).toEqual(
    [],
  );
});
