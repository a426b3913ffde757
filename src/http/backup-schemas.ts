import { Type, type Static } from 'typebox';
import { BACKUP_KINDS } from '../backup/taken-backups.js';
import { NAME } from '../core/ids.js';
import { CLOSED } from './schema-parts.js';

/** Schemas of the routes that backups, restores and rollbacks ask for. */

const Tenant = Type.String({ pattern: NAME.pattern.source, description: NAME.expected });
const Cursor = Type.Optional(
  Type.String({ pattern: '^[A-Za-z0-9_-]{1,2000}$', description: 'the cursor of a page before' }),
);
const Position = Type.Optional(
  Type.String({ pattern: '^[A-Za-z0-9+/=]{1,200}$', description: 'a position of a page before' }),
);
export const ProductsQuery = Type.Object(
  { tenant: Tenant, cursor: Cursor, since: Position },
  CLOSED,
);
export const RecordsQuery = Type.Object({ tenant: Type.Optional(Tenant), cursor: Cursor }, CLOSED);
export const ImportQuery = Type.Object(
  {
    tenant: Tenant,
    model: Type.String({ minLength: 1, maxLength: 200, description: 'a fingerprint' }),
  },
  CLOSED,
);
export const RecordImportQuery = Type.Object(
  { replace: Type.Optional(Type.String({ pattern: '^true$', description: '"true"' })) },
  CLOSED,
);
export const SettleBody = Type.Object(
  { tenant: Tenant, timeout_ms: Type.Integer({ minimum: 0, maximum: 600_000 }) },
  CLOSED,
);

export const TakenBody = Type.Object(
  {
    kind: Type.Enum(BACKUP_KINDS, { description: '"full" or "changes"' }),
  },
  CLOSED,
);

export const RollbackBody = Type.Object(
  {
    tenant: Tenant,
    to: Type.String({
      pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,3})?)?(Z|[+-]\\d\\d:\\d\\d)$',
      description: 'a time as 2026-11-29T21:00:00Z',
    }),
    preview: Type.Optional(Type.Boolean()),
  },
  CLOSED,
);
const Ids = Type.Array(Type.String());
export const RollbackReply = Type.Object({
  ...{ changed: Type.Integer(), restored: Type.Integer(), removed: Type.Integer() },
  first: Type.Object({ changed: Ids, restored: Ids, removed: Ids }),
});

export const ExportReply = Type.Object({
  store: Type.String(),
  model: Type.Union([
    Type.Null(),
    Type.Object({
      name: Type.String(),
      fingerprint: Type.String(),
      dimensions: Type.Integer(),
    }),
  ]),
  tenants: Type.Array(Type.String()),
});
export const ImportReply = Type.Object({
  written: Type.Integer(),
  deleted: Type.Integer(),
  unchanged: Type.Integer(),
});
export const RecordsReply = Type.Object({ written: Type.Integer(), kept: Type.Integer() });
export const TakenReply = Type.Object({ kind: Type.String() });
export const SettleReply = Type.Object({
  searchable: Type.Boolean(),
  lagging: Type.Array(Type.String()),
});

export type ProductsQuery = Static<typeof ProductsQuery>;
export type RecordsQuery = Static<typeof RecordsQuery>;
export type ImportQuery = Static<typeof ImportQuery>;
export type RecordImportQuery = Static<typeof RecordImportQuery>;
export type SettleBody = Static<typeof SettleBody>;
export type TakenBody = Static<typeof TakenBody>;
export type RollbackBody = Static<typeof RollbackBody>;
