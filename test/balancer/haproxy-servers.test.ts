import { beforeEach, expect, test } from 'vitest';
import { HaproxyServers } from '../../src/balancer/haproxy-servers.js';

interface Server {
  address: string;
  admin: number;
}

/** The backends of a HAProxy as far as its socket shows and changes them; the real one: test/e2e/balancer.test.ts. */
class FakeHaproxy {
  readonly backends = new Map<string, Map<string, Server>>();
  readonly changes: string[] = [];
  /** Servers that still work on something. */
  readonly busy = new Set<string>();
  refused: string | undefined;

  async ask(command: string): Promise<string> {
    const [, verb = '', name = '', rest = ''] =
      /^(show servers state|add server|enable health|set server|del server) (\S+) ?(.*)$/.exec(
        command,
      ) ?? [];
    if (verb === 'show servers state') return this.show(name);
    this.changes.push(command);
    const [backend = '', server = ''] = name.split('/');
    const servers = this.backends.get(backend) ?? new Map<string, Server>();
    if (verb === 'add server') {
      if (this.refused !== undefined) return this.refused;
      servers.set(server, { address: rest.split(' ')[0] ?? '', admin: 1 });
      return 'New server registered.';
    }
    const known = servers.get(server);
    if (known === undefined) return 'No such server.';
    if (verb === 'set server') known.admin = { 'state ready': 0, 'state maint': 1 }[rest] ?? 8;
    if (verb === 'del server' && known.admin === 1 && !this.busy.has(server))
      servers.delete(server);
    return '';
  }

  private show(backend: string): string {
    const servers = this.backends.get(backend);
    if (servers === undefined) return "Can't find backend.";
    const rows = Array.from(servers, ([name, { address, admin }]) => {
      const [host = '', port = ''] = address.split(/:(?=\d+$)/);
      return `3 ${backend} 1 ${name} ${host.replaceAll(/[[\]]/g, '')} 2 ${admin} ${port}`;
    });
    const head = '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_port';
    return ['1', head, ...rows].join('\n');
  }
}

let haproxy: FakeHaproxy;
let servers: HaproxyServers;
beforeEach(() => {
  haproxy = new FakeHaproxy();
  for (const backend of ['readers', 'writers']) haproxy.backends.set(backend, new Map());
  servers = new HaproxyServers(haproxy, ['readers', 'writers']);
});

const shown = (backend = 'readers'): Record<string, number> =>
  Object.fromEntries(
    [...(haproxy.backends.get(backend) ?? [])].map(([n, { admin }]) => [n, admin]),
  );

test('adds and removes servers in each backend, and then has nothing to do', async () => {
  await servers.setServers(['10.0.0.1:80', '[::1]:80']);
  const both = { 'omnisearch-10.0.0.1:80': 0, 'omnisearch-::1:80': 0 };
  expect([shown('readers'), shown('writers')]).toEqual([both, both]);
  haproxy.changes.length = 0;
  await servers.setServers(['10.0.0.1:80', '[::1]:80']);
  expect(haproxy.changes).toEqual([]);
  await servers.setServers(['[::1]:80']);
  expect([shown('readers'), shown('writers')]).toEqual([
    { 'omnisearch-::1:80': 0 },
    { 'omnisearch-::1:80': 0 },
  ]);
});

test('lets one that still works on something end, and takes it back when it comes again', async () => {
  await servers.setServers(['10.0.0.1:80', '10.0.0.2:80']);
  haproxy.busy.add('omnisearch-10.0.0.1:80').add('omnisearch-10.0.0.2:80');
  for (let i = 0; i < 2; i++) {
    await servers.setServers(['10.0.0.2:80']);
    expect(shown()).toEqual({ 'omnisearch-10.0.0.1:80': 1, 'omnisearch-10.0.0.2:80': 0 });
  }
  await servers.setServers(['10.0.0.1:80']);
  expect(shown()).toEqual({ 'omnisearch-10.0.0.1:80': 0, 'omnisearch-10.0.0.2:80': 1 });
  haproxy.busy.clear();
  await servers.setServers(['10.0.0.1:80']);
  expect(shown()).toEqual({ 'omnisearch-10.0.0.1:80': 0 });
});

test('leaves servers of the file alone, and what an operator drains', async () => {
  haproxy.backends.get('readers')?.set('query-1', { address: '10.0.0.1:80', admin: 0 });
  haproxy.backends.get('readers')?.set('query-9', { address: '10.0.0.9:80', admin: 1 });
  await servers.setServers(['10.0.0.1:80', '10.0.0.2:80', '10.0.0.9:80']);
  await haproxy.ask('set server readers/omnisearch-10.0.0.2:80 state drain');
  await servers.setServers(['10.0.0.2:80', '10.0.0.9:80']);
  expect(shown()).toEqual({ 'query-1': 0, 'query-9': 1, 'omnisearch-10.0.0.2:80': 8 });
});

test('fills a HAProxy that was started again', async () => {
  await servers.setServers(['10.0.0.1:80']);
  haproxy.backends.get('readers')?.clear();
  await servers.setServers(['10.0.0.1:80']);
  expect(shown()).toEqual({ 'omnisearch-10.0.0.1:80': 0 });
});

test('says what HAProxy says where it does not do it', async () => {
  haproxy.refused = 'Permission denied';
  await expect(servers.setServers(['10.0.0.1:80'])).rejects.toThrow(/Permission denied/);
  haproxy.backends.delete('readers');
  await expect(servers.setServers(['10.0.0.1:80'])).rejects.toThrow(
    "HAPROXY_BACKENDS readers: HAProxy says Can't find backend.",
  );
});
