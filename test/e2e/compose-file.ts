import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What a service of docker-compose.yml says of itself, as far as tests read it. */
export interface ComposeService {
  image: string;
  command?: string[];
  /** Null is an empty one. */
  environment?: Record<string, string | number | null>;
  volumes?: string[];
  ports?: string[];
  deploy?: { replicas?: number };
  depends_on?: string[] | Record<string, unknown>;
}

/** The services of docker-compose.yml by name, its variables taken from `env`. */
export function readCompose(env: Record<string, string>): Map<string, ComposeService> {
  const text = readFileSync(`${ROOT}docker-compose.yml`, 'utf8');
  const file = parse(interpolated(text, env), { merge: true }) as {
    services: Record<string, ComposeService>;
  };
  return new Map(Object.entries(file.services));
}

/** What its containers are called here: those of a service with replicas have numbers. */
export function containersOf(name: string, { deploy }: ComposeService): string[] {
  const replicas = deploy?.replicas;
  if (replicas === undefined) return [name];
  return Array.from({ length: replicas }, (_, i) => `${name}-${i + 1}`);
}

/** `${NAME:-default}` and `${NAME:?what is wanted}`, outside of comments. */
function interpolated(text: string, env: Record<string, string>): string {
  return text.replace(
    /\$\{(\w+):([-?])([^}]*)\}/g,
    (_, name: string, kind: string, rest: string) => {
      const value = env[name] ?? '';
      if (value !== '') return value;
      if (kind === '-') return rest;
      throw new Error(`docker-compose.yml wants ${name}: ${rest}`);
    },
  );
}
