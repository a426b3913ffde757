import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { described, FILTER_COMPONENTS } from './filter-schema.js';
import { JSON_COMPONENTS } from './product-schema.js';
import { ErrorReply } from './reply-schemas.js';

interface Described {
  querystring?: object;
  body?: object;
  consumes?: string[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Schemas that describe a route without validating. */
    described?: Described;
  }
}

/** Files of pages, and routes that are described by those whose clients they serve. */
const ELSEWHERE = /^\/(\*|web|demo|typesense|algolia)|^\/(admin)?$/;
const OWN = '/openapi.json';
const TENANT = {
  type: 'object',
  properties: {
    'X-OmniSearch-Tenant': {
      type: 'string',
      pattern: '^[a-z0-9_-]{1,64}$',
      description: 'whose catalogue; `default` without it',
    },
  },
};

/**
 * Collects the schemas of all routes added from now on, and answers `GET /openapi.json` with what they come to.
 */
export async function addOpenApi(app: FastifyInstance, version: string): Promise<void> {
  // Schemas of replies describe: as they are, replies are sent.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  const transform: FastifyDynamicSwaggerOptions['transform'] = ({ schema, url, route }) => ({
    schema: describedSchema(schema, url, route.config?.described),
    url,
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'OmniSearch',
        version,
        description:
          'Searches of a storefront. With API_KEY set: `Authorization: Bearer …`. ' +
          'Errors have one shape, whose `field` says where.',
      },
      components: { schemas: { ...FILTER_COMPONENTS, ...JSON_COMPONENTS } },
    },
    transform,
  });
  let document: string | undefined;
  app.get(OWN, { schema: { hide: true } }, async (_, reply) => {
    document ??= JSON.stringify(app.swagger());
    return reply.header('content-type', 'application/json; charset=utf-8').send(document);
  });
}

/** What a route takes and answers. */
function describedSchema(
  schema: FastifySchema | undefined,
  url: string,
  more: Described = {},
): FastifySchema {
  if (ELSEWHERE.test(url)) return { hide: true };
  const { response, ...asked } = { ...schema, ...more };
  return described({
    ...asked,
    ...(isOfTenant(url) ? { headers: TENANT } : {}),
    response: {
      ...(response ?? { '2XX': { description: 'done' } }),
      '4XX': { description: 'the request is at fault', ...ErrorReply },
      '5XX': { description: 'the server is at fault, or too busy', ...ErrorReply },
    },
  });
}

/** Probes, figures, names, plans and what operators do are of all tenants. */
function isOfTenant(url: string): boolean {
  return !/^\/(livez|readyz|healthz|stats|metrics|aliases|keys|tenants|plans|usage|admin)/.test(
    url,
  );
}
