import type { FastifyInstance } from 'fastify';

/** The addresses of all routes, as they were added, without those of files; out of Fastify's tree, four characters a level. */
export function urlsOf(app: FastifyInstance): string[] {
  const tree = app.printRoutes({ commonPrefix: false });
  const path: string[] = [];
  const urls: string[] = [];
  for (const line of tree.split('\n')) {
    const [, indent = '', segment = '', methods] =
      /^([│ ]*)[├└]── (\S+)(?: \((.*)\))?/.exec(line) ?? [];
    path.length = indent.length / 4;
    path.push(segment);
    if (methods !== undefined && methods !== 'empty root node') urls.push(path.join(''));
  }
  return [...new Set(urls)].filter((url) => !url.includes('*'));
}

/** All routes, `GET /search`; HEAD goes with GET. */
export async function routesOf(app: FastifyInstance): Promise<string[]> {
  const routes: string[] = [];
  for (const url of urlsOf(app)) {
    const { allow = 'GET' } = (await app.inject({ method: 'TRACE', url })).headers;
    const methods = allow.split(', ').filter((method) => method !== 'HEAD');
    routes.push(...methods.map((method) => `${method} ${url}`));
  }
  return routes.sort();
}
