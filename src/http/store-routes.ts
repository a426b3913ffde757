import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { STORE_READS } from '../core/store-reads.js';
import { DEFAULT_TENANT } from '../tenancy/tenant-directory.js';
import { SMALL_BYTES } from './limits.js';
import type { HttpPorts } from './ports.js';
import { replies } from './reply-schemas.js';
import { CLOSED } from './schema-parts.js';

const StoreRequest = Type.Object(
  {
    reads: Type.String({ pattern: STORE_READS.pattern.source, description: STORE_READS.expected }),
  },
  { ...CLOSED, description: 'an object' },
);
type StoreRequest = Static<typeof StoreRequest>;

const StoreReply = Type.Object({
  reads: Type.String(),
  replicas: Type.Array(Type.Object({ server: Type.String(), lag_ms: Type.Integer() })),
});

/** `/admin/store`: where joins read, and how far the store's secondaries are behind, for operators. */
export function storeRoutes(app: FastifyInstance, { storeReads, audit }: HttpPorts): void {
  const shown = (): Static<typeof StoreReply> => {
    const { reads, replicas } = storeReads.show();
    return { reads, replicas: replicas.map(({ server, lagMs }) => ({ server, lag_ms: lagMs })) };
  };

  app.get('/admin/store', { schema: replies(StoreReply) }, async () => shown());

  app.put<{ Body: StoreRequest }>(
    '/admin/store',
    { schema: { body: StoreRequest, ...replies(StoreReply) }, bodyLimit: SMALL_BYTES },
    async ({ body: { reads }, actor: by }) => {
      storeReads.requireChoice();
      const { reads: before } = storeReads.show();
      // Of no tenant: in the audit of the default one.
      const bodies = { before: { reads: before }, after: { reads } };
      await audit.note(DEFAULT_TENANT, { by, kind: 'store', target: 'reads', ...bodies });
      await storeReads.change(reads);
      return shown();
    },
  );
}
