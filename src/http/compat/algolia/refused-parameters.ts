import type { Parameters } from '../parameters.js';

const GEO = 'there are no places';
const NOT_SERVED: readonly (readonly [name: string, why: string])[] = [
  ['aroundLatLng', GEO],
  ['aroundLatLngViaIP', GEO],
  ['insideBoundingBox', GEO],
  ['insidePolygon', GEO],
  ['tagFilters', 'filter by a field'],
  ['distinct', 'there are no groups in this API'],
  ['similarQuery', 'ask POST /search/similar'],
];
const NOTHING: ReadonlySet<unknown> = new Set([false, 'false', 0, '0', '']);

/** Throws `invalid_field` for a parameter that would change what a search means, and is not served. */
export function refuseUnserved(parameters: Parameters): void {
  for (const [name, why] of NOT_SERVED) {
    const value = parameters.value(name);
    const isEmpty = Array.isArray(value) && value.length === 0;
    if (!isEmpty) parameters.refuse(name, why, NOTHING);
  }
}
