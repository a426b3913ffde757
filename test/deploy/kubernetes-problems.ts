import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';

const MODELS = [
  ...[ConfigMap, Deployment, HorizontalPodAutoscaler, Ingress, NetworkPolicy, PodDisruptionBudget],
  ...[PrometheusRule, ScaledObject, Secret, Service, ServiceMonitor, StatefulSet],
];

/** Newer than the schemas: of KEDA 2.17. */
const NEWER = new Set(['ScaledObject/spec/fallback/behavior']);

/** What the schema of its kind has against an object, and the fields that the schema does not know. */
export function kubernetesProblems(object: { apiVersion: string; kind: string }): string[] {
  const model = MODELS.find(({ is }) => is(object));
  if (model === undefined) return [`there is no ${object.kind} of ${object.apiVersion}`];
  const read = new Set<string>();
  const problems: string[] = [];
  try {
    // The schemas let unknown fields pass: they are those that a validator, which is code, never reads.
    (model.prototype as { validate: () => void }).validate.call(watched(object, '', read));
  } catch (error) {
    problems.push(String(error));
  }
  const unknown = fieldsOf(object, '').filter((path) => !read.has(path));
  return [
    ...problems,
    ...unknown.map((path) => object.kind + path).filter((path) => !NEWER.has(path)),
  ];
}

/** The same, noting which fields are read. */
function watched(value: unknown, path: string, read: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get(target, key): unknown {
      const field = `${path}/${String(key)}`;
      read.add(field);
      return watched(Reflect.get(target, key), field, read);
    },
  });
}

function fieldsOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) => [
    `${path}/${key}`,
    ...fieldsOf(field, `${path}/${key}`),
  ]);
}
