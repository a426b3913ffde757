import type { FastifyRequest } from 'fastify';
import type { TransferredRow } from '../backup/tenant-transfer.js';
import { invalidField, OmniError } from '../core/errors.js';
import { isObject } from '../core/json.js';
import type { JsonObject, JsonValue } from '../core/product.js';
import type { IncomingRows } from '../ingest/incoming-row.js';
import type { KeyRecord } from '../tenancy/keys/key-record.js';
import { IMPORT_LINES, type ImportLine } from './transfer-schemas.js';
import type { HttpPorts } from './ports.js';
import { ruleBody, synonymBody } from './rule-body.js';
import { requireAction } from './route-needs.js';
import type { RuleRequest, SynonymRequest } from './rule-schemas.js';
import { schemaError } from './schema-error.js';
import { checkSettings, type SettingsRequest } from './settings-routes.js';
import { keepOnly, putShopPart, type ShopPart } from './shop-parts.js';
import { transferredRow } from './transferred-row.js';

/** Rows that are written together, and their bytes. */
const ROWS_AT_ONCE = 256;
const BYTES_AT_ONCE = 1024 * 1024;

type ImportPorts = Pick<HttpPorts, 'transfer' | 'keyDesk' | 'settings' | 'rules' | 'collections'>;

interface Taken {
  rows: number;
  keys: number;
  /** Where the export goes on; null where no line said so. */
  position: string | null;
}

interface EndLine {
  position: string;
  price_lists: string[];
  rules?: string[];
  synonyms?: string[];
  /** Ids of all keys that are for the tenant alone. */
  keys?: string[];
}

const LINES = Object.keys(IMPORT_LINES) as ImportLine[];

/** Takes the lines of an export: products and deletes in order, parts of the shop, keys, and where it goes on. */
export class TenantImport {
  private rows: TransferredRow[] = [];
  private bytes = 0;
  private readonly taken: Taken = { rows: 0, keys: 0, position: null };

  private readonly tenant: string;
  private readonly actor: string | null;

  /** @param request its `id` is the tenant, which may be anything but written to by others */
  constructor(
    private readonly ports: ImportPorts,
    private readonly request: FastifyRequest<{ Params: { id: string } }>,
    /** Of the handover that fills this installation, if any does. */
    private readonly walker: string | undefined,
  ) {
    this.tenant = request.params.id;
    this.actor = request.actor;
  }

  /** Rejects with what is wrong with a line: those before it are taken, what comes after it is not. */
  async take(rows: IncomingRows): Promise<Taken> {
    for await (const row of rows) {
      if ('error' in row) throw row.error;
      try {
        await this.takeLine(row.value, row.bytes);
      } catch (error) {
        throw inLine(row.line, error);
      }
    }
    await this.flush();
    return this.taken;
  }

  private async takeLine(value: JsonValue, bytes: number): Promise<void> {
    const { ports, tenant, actor } = this;
    if (!isObject(value)) throw invalidField('row', 'must be an object');
    const name = LINES.find((one) => value[one] !== undefined);
    if (name === undefined) return this.takeRow(transferredRow(value, ports.transfer), bytes);
    if (name === 'key' || value['keys'] !== undefined) {
      requireAction('keys:import', this.request.key?.actions);
    }
    this.check(name, value);
    if (name === 'key') {
      await ports.keyDesk.adopt(value['key'] as unknown as KeyRecord, tenant, actor);
      this.taken.keys += 1;
    } else if (name === 'position') await this.end(value as unknown as EndLine);
    else await putShopPart(ports, tenant, partOf(name, value[name]), actor);
  }

  private async takeRow(row: TransferredRow, bytes: number): Promise<void> {
    this.rows.push(row);
    this.bytes += bytes;
    if (this.rows.length >= ROWS_AT_ONCE || this.bytes >= BYTES_AT_ONCE) await this.flush();
  }

  private async end({ position, price_lists, rules, synonyms, keys }: EndLine): Promise<void> {
    const { ports, tenant, actor } = this;
    await this.flush(price_lists);
    if (rules && synonyms) await keepOnly(ports, tenant, { rules, synonyms }, actor);
    if (keys) await ports.keyDesk.keepOnly(tenant, keys, actor);
    await ports.transfer.keepPosition(tenant, position);
    this.taken.position = position;
  }

  /** Throws `invalid_field`. */
  private check(name: ImportLine, value: JsonObject): void {
    const isValid = this.request.compileValidationSchema(IMPORT_LINES[name]);
    if (!isValid(value)) throw schemaError(isValid.errors ?? []);
  }

  private async flush(lists: readonly string[] = []): Promise<void> {
    if (this.rows.length === 0 && lists.length === 0) return;
    const { rows } = this;
    [this.rows, this.bytes] = [[], 0];
    // Somebody may write to it by now.
    await this.ports.transfer.checkImportable(this.tenant, this.walker);
    await this.ports.transfer.import(this.tenant, rows, lists);
    this.taken.rows += rows.length;
  }
}

/** Throws `invalid_field` for what a schema can not say. */
function partOf(name: Exclude<ImportLine, 'key' | 'position'>, value: unknown): ShopPart {
  if (name === 'settings') checkSettings(value as SettingsRequest);
  if (name === 'rule') return { rule: ruleBody(value as RuleRequest, idOf(value)) };
  if (name === 'synonym') return { synonym: synonymBody(value as SynonymRequest, idOf(value)) };
  return { [name]: value };
}

function idOf(value: unknown): string {
  return (value as { id?: string }).id ?? '';
}

/** The same error, with where it was met. */
function inLine(line: number, error: unknown): unknown {
  if (!(error instanceof OmniError)) return error;
  const { code, message, field } = error;
  return new OmniError(code, `line ${line}: ${message}`, { field, cause: error });
}
