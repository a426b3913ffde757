import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { runs } from '../program.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = `${ROOT}.github/workflows/`;
const FILES = readdirSync(FOLDER);
const ACTIONLINT = process.env['ACTIONLINT'] ?? 'actionlint';

interface Step {
  uses?: string;
  run?: string;
  if?: string;
  with?: Record<string, unknown>;
}
interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  jobs: Record<string, { needs?: string; 'timeout-minutes'?: number; steps: Step[] }>;
}

const workflowOf = (name: string): Workflow =>
  parse(readFileSync(FOLDER + name, 'utf8')) as Workflow;

test.skipIf(!runs(ACTIONLINT, '-version'))(
  'actionlint takes the workflows (needs go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.7)',
  () => {
    const { status, stdout } = spawnSync(
      ACTIONLINT,
      FILES.map((name) => FOLDER + name),
      { encoding: 'utf8' },
    );
    expect([status, stdout]).toEqual([0, '']);
  },
);

test.each(FILES)('%s reads only by itself, ends in time, and names files that exist', (name) => {
  const { permissions, jobs } = workflowOf(name);
  expect(permissions).toEqual({ contents: 'read' });
  for (const { steps, ...job } of Object.values(jobs)) {
    expect(job['timeout-minutes']).toBeGreaterThan(0);
    for (const { run = '', with: settings = {} } of steps) {
      const named = [...run.matchAll(/(?<![\w/])deploy\/[\w.-]+/g)].map(([path]) => path);
      if (typeof settings['file'] === 'string') named.push(settings['file']);
      for (const path of named) expect([path, existsSync(ROOT + path)]).toEqual([path, true]);
    }
  }
});

test('a release tests first, is for both processors with SBOM and provenance, and publishes only when told to', () => {
  const { on, jobs } = workflowOf('release.yml');
  expect(on).toMatchObject({ push: { tags: ['v*.*.*'] } });
  expect([jobs['image']?.needs, jobs['package']?.needs]).toEqual(['test', 'test']);
  const images = jobs['image']?.steps.filter(({ uses }) => uses?.startsWith('docker/build-push-'));
  expect(images?.at(-1)?.with).toMatchObject({
    platforms: 'linux/amd64,linux/arm64',
    sbom: true,
    provenance: 'mode=max',
    push: "${{ env.PUBLISH == 'true' }}",
  });
  const published = jobs['package']?.steps.filter(({ run }) =>
    /^npm (pkg|publish)/.test(run ?? ''),
  );
  expect(published).toEqual([
    // Without it npm takes no provenance.
    expect.objectContaining({
      run: 'npm pkg set repository.type=git repository.url="git+https://github.com/${{ github.repository }}.git"',
    }),
    expect.objectContaining({ run: 'npm publish --dry-run' }),
    expect.objectContaining({
      if: "env.PUBLISH == 'true'",
      run: 'npm publish --provenance --access public',
    }),
  ]);
});
