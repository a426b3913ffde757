import type { FastifySchemaValidationError } from 'fastify/types/schema.js';
import { invalidField, OmniError } from '../core/errors.js';
import { describeValue } from '../core/json.js';

/** What ajv adds with `verbose: true`. */
interface VerboseError extends FastifySchemaValidationError {
  data?: unknown;
  parentSchema?: { description?: string; properties?: Record<string, { description?: string }> };
}

/**
 * The first of ajv's errors as `invalid_field`. Schemas say in `description` what a value must be,
 * so that documentation and message are one text. `prefix` is put before the field's name.
 */
export function schemaError(
  errors: readonly FastifySchemaValidationError[],
  prefix = '',
): OmniError {
  const error = tellingError(errors);
  if (error === undefined) return new OmniError('invalid_field', 'the request is not valid');
  const place = join(prefix, fieldOf(error.instancePath));
  if (error.keyword === 'additionalProperties') {
    const name = String(error.params['additionalProperty']);
    return invalidField(join(place, name), 'is not a known field');
  }
  if (error.keyword === 'required') {
    const name = String(error.params['missingProperty']);
    return mismatch(join(place, name), error.parentSchema?.properties?.[name], undefined);
  }
  return mismatch(place === '' ? 'body' : place, error.parentSchema, error.data);
}

/**
 * The first; of a value that may be one of several things, what is wrong with it as the thing whose type it
 * has, or else that it is none of them.
 */
function tellingError(errors: readonly VerboseError[]): VerboseError | undefined {
  const last = errors.at(-1);
  if (last?.keyword !== 'anyOf') return errors[0];
  const isOther = ({ keyword, instancePath }: VerboseError): boolean =>
    (keyword === 'type' || keyword === 'const') && instancePath === last.instancePath;
  return errors.find((error) => !isOther(error));
}

function mismatch(
  field: string,
  schema: { description?: string } | undefined,
  value: unknown,
): OmniError {
  const expected = schema?.description ?? 'of another kind';
  return invalidField(field, `must be ${expected}, got ${describeValue(value)}`);
}

/** A JSON pointer as a caller would write it: `/searches/3/top_k` is `searches[3].top_k`. */
function fieldOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : join(path, part)), '');
}

function join(path: string, name: string): string {
  return path === '' || name === '' ? path + name : `${path}.${name}`;
}

/** The same error with its field below `prefix`, for one entry of a list. */
export function belowPrefix(error: OmniError, prefix: string): OmniError {
  if (error.field === undefined) return error;
  const field = `${prefix}.${error.field}`;
  const rest = error.message.startsWith(error.field)
    ? error.message.slice(error.field.length)
    : `: ${error.message}`;
  return new OmniError(error.code, field + rest, { field });
}
