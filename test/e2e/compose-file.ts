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
}

/** The services of docker-compose.yml by name, its variables taken from `env`. */
export function readCompose(env: Record<string, string>): Map<string, ComposeService> {
  const text = readFileSync(`${ROOT}docker-compose.yml`, 'utf8');
  const file = parse(interpolated(text, env), { merge: true }) as {
    services: Record<string, ComposeService>;
  };
  return new Map(Object.entries(file.services));
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
