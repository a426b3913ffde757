import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { runs } from '../program.js';

export const CHART = fileURLToPath(new URL('../../deploy/helm/omnisearch/', import.meta.url));
const HELM = process.env['HELM'] ?? 'helm';
export const HAS_HELM = runs(HELM, 'version');
/** For the names of tests that want it. */
export const NEEDS_HELM = '(needs helm: go install helm.sh/helm/v4/cmd/helm@v4.1.4)';

/** Of the least that is to be said. */
export const LEAST = [
  '--set=secrets.STORE_URL=mongodb://mongo.example/omnisearch,secrets.SHARD_SECRET=0123456789abcdef',
];
/** Of everything at once. */
export const ALL = [`--values=${CHART}ci/all-values.yaml`];

interface Container {
  name: string;
  args: string[];
  ports: { name: string; containerPort: number }[];
  envFrom: { secretRef: { name: string } }[];
  env: { name: string; value?: string; valueFrom?: { fieldRef: { fieldPath: string } } }[];
  lifecycle?: { preStop: { sleep: { seconds: number } } };
  [probe: `${string}Probe`]: { httpGet: { path: string; port: string } };
}

export interface Pod {
  metadata: { labels: Labels };
  spec: { containers: [Container]; terminationGracePeriodSeconds: number };
}

export type Labels = Record<string, string>;

/** What these tests read of an object of Kubernetes. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels: Labels; annotations?: Labels };
  data?: Labels;
  stringData?: Labels;
  spec?: Record<string, unknown> & { template?: Pod };
}

/** The objects that `helm template` makes with these arguments. */
export function rendered(args: readonly string[]): KubernetesObject[] {
  const text = helm('template', 'shop', CHART, '--namespace=search', ...args);
  return parseAllDocuments(text).flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    const object = document.toJS() as KubernetesObject | null;
    return object === null ? [] : [object];
  });
}

/** What `helm` prints; throws what it complains of. */
export function helm(...args: string[]): string {
  return execFileSync(HELM, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The one object of a kind, and of a role where there are several. */
export function the(
  objects: readonly KubernetesObject[],
  kind: string,
  role?: string,
): KubernetesObject {
  const found = objects.filter(
    ({ kind: each, metadata }) =>
      each === kind &&
      (role === undefined || metadata.labels['app.kubernetes.io/component'] === role),
  );
  const [object] = found;
  if (object === undefined || found.length > 1) throw new Error(`${found.length} of ${kind}`);
  return object;
}

/** The pods of query nodes, shard nodes and workers. */
export function podsOf(objects: readonly KubernetesObject[]): Pod[] {
  return objects.flatMap(({ spec }) => spec?.template ?? []);
}
