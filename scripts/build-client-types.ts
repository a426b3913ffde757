/**
 * Writes the shapes of the API, as the server's own document has them, to where the client takes them from.
 *
 *     npx tsx scripts/build-client-types.ts
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';
import { openHttp } from '../test/http/harness.js';

export const TYPES_FILE = fileURLToPath(new URL('../src/client/api-types.ts', import.meta.url));
const HEAD = `/** Written by scripts/build-client-types.ts from the server's /openapi.json: not by hand. */\n`;
/** The schemas that the client is made of: what is sent, or what a success is answered with. */
const WANTED = {
  SearchRequest: ['post', '/search/text', 'sent'],
  VectorRequest: ['post', '/search/vector', 'sent'],
  SimilarRequest: ['post', '/search/similar', 'sent'],
  SearchReply: ['post', '/search/text', 'answered'],
  WriteReply: ['post', '/products', 'answered'],
  CategoriesReply: ['get', '/categories', 'answered'],
  SettingsReply: ['get', '/settings', 'answered'],
  LiveReply: ['get', '/admin/live', 'answered'],
  AlertsReply: ['get', '/admin/alerts', 'answered'],
  DecisionsReply: ['get', '/admin/decisions', 'answered'],
  ClusterReply: ['get', '/admin/cluster', 'answered'],
  StatsReply: ['get', '/stats', 'answered'],
  SettingsRequest: ['put', '/settings', 'sent'],
  RuleRequest: ['put', '/rules/{id}', 'sent'],
  PreviewRequest: ['post', '/rules/preview', 'sent'],
  SynonymRequest: ['put', '/synonyms/{id}', 'sent'],
} as const;

interface Content {
  content: { 'application/json': { schema: object } };
}
interface ApiDocument {
  paths: Record<
    string,
    Partial<Record<string, { requestBody?: Content; responses: Record<string, Content> }>>
  >;
  components: { schemas: object };
}

/** The text of `src/client/api-types.ts`. */
export async function clientTypes(): Promise<string> {
  const node = await openHttp();
  try {
    const reply = await node.server.app.inject({ url: '/openapi.json' });
    const document = JSON.parse(reply.body) as ApiDocument;
    const { schemas } = document.components;
    // A type that refers to itself only by way of a union is none to TypeScript.
    const wanted = { ...schemas, Json: {}, ...schemasOf(document) };
    const only = { ...document, paths: {}, components: { schemas: wanted } };
    const nodes = await openapiTS(only as unknown as OpenAPI3, {
      ...{ alphabetize: true, emptyObjectsUnknown: true },
      ...{ rootTypes: true, rootTypesNoSchemaPrefix: true },
    });
    const config = await resolveConfig(TYPES_FILE);
    return await format(HEAD + astToString(nodes), { ...config, parser: 'typescript' });
  } finally {
    await node.close();
  }
}

/** Throws for one that the document does not have. */
function schemasOf({ paths }: ApiDocument): Record<string, object> {
  const named = Object.entries(WANTED).map(([name, [method, path, which]]) => {
    const operation = paths[path]?.[method];
    const content = which === 'sent' ? operation?.requestBody : operation?.responses['200'];
    const schema = content?.content['application/json'].schema;
    if (schema === undefined) throw new Error(`no schema of what is ${which} by ${method} ${path}`);
    return [name, schema] as const;
  });
  return Object.fromEntries(named);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(TYPES_FILE, await clientTypes());
}
