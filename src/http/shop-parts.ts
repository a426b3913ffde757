import { isDeepStrictEqual } from 'node:util';
import { OmniError } from '../core/errors.js';
import type { MerchandiseKind } from '../merchandising/rule-desk.js';
import type { RuleBody } from '../merchandising/rule.js';
import type { SynonymBody } from '../merchandising/synonyms.js';
import type { CollectionSchema } from '../tenancy/collection-schemas.js';
import type { SettingsBody } from '../tenancy/tenant-settings.js';
import type { HttpPorts } from './ports.js';

const PAGE = 1_000;

type ShopPorts = Pick<HttpPorts, 'settings' | 'rules' | 'collections'>;

/** What a shop's team says of its catalogue: each part an object of one member. */
export interface ShopPart {
  settings?: SettingsBody;
  schema?: CollectionSchema;
  rule?: RuleBody;
  synonym?: SynonymBody;
}

/** Ids of all rules and synonyms that there are. */
export interface AllRules {
  rules: string[];
  synonyms: string[];
}

/** All that a tenant has of these, and of which rules and synonyms that is all. */
export async function shopParts(
  ports: ShopPorts,
  tenant: string,
): Promise<{ parts: ShopPart[]; all: AllRules }> {
  const { settings, collections } = ports;
  const schema = await collections.find(tenant);
  const rules = await allOf(ports, 'rule', tenant);
  const synonyms = await allOf(ports, 'synonym', tenant);
  return {
    parts: [
      { settings: await settings.read(tenant) },
      ...(schema === undefined ? [] : [{ schema }]),
      ...rules.map((rule) => ({ rule })),
      ...synonyms.map((synonym) => ({ synonym })),
    ],
    all: { rules: rules.map(({ id }) => id), synonyms: synonyms.map(({ id }) => id) },
  };
}

/** Says the same of another tenant; what it has already is not written again. */
export async function putShopPart(
  { settings, rules, collections }: ShopPorts,
  tenant: string,
  part: ShopPart,
  by: string | null,
): Promise<void> {
  if (part.settings !== undefined) {
    if (!isDeepStrictEqual(await settings.read(tenant), part.settings)) {
      await settings.change(tenant, part.settings, by);
    }
  }
  if (part.schema !== undefined) {
    const schema: CollectionSchema = { ...part.schema, name: tenant };
    if (!(await collections.create(schema))) await collections.change(tenant, () => schema);
  }
  for (const kind of ['rule', 'synonym'] as const) {
    const body = part[kind];
    if (body === undefined) continue;
    const there = await rules.get(kind, tenant, body.id).catch(unlessMissing);
    if (!isDeepStrictEqual(there, body)) await rules.put(kind, tenant, body, by);
  }
}

/** Takes away the rules and synonyms that are not among those. */
export async function keepOnly(
  ports: ShopPorts,
  tenant: string,
  all: AllRules,
  by: string | null,
): Promise<void> {
  for (const [kind, ids] of [
    ['rule', all.rules],
    ['synonym', all.synonyms],
  ] as const) {
    const kept = new Set(ids);
    for (const { id } of await allOf(ports, kind, tenant)) {
      if (!kept.has(id)) await ports.rules.remove(kind, tenant, id, by);
    }
  }
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof OmniError) || error.code !== 'not_found') throw error;
}

async function allOf<K extends MerchandiseKind>(
  { rules }: ShopPorts,
  kind: K,
  tenant: string,
): Promise<Awaited<ReturnType<typeof rules.list<K>>>> {
  const found: Awaited<ReturnType<typeof rules.list<K>>> = [];
  for (let after: string | undefined; ;) {
    const page = await rules.list(kind, tenant, after, PAGE);
    found.push(...page);
    if (page.length < PAGE) return found;
    after = page.at(-1)?.id;
  }
}
