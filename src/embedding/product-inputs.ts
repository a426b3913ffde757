import type { Product } from '../core/product.js';

/** What of a product determines its vector, beside the model's fingerprint. */
export interface ProductInputs {
  title: string;
  brand: string;
  category: string;
  description: string;
}

/** A model reads some hundred tokens: what is beyond these is not even looked at. */
const FIELD_CHARACTERS = 16 * 1024;
const DESCRIPTION_CHARACTERS = 64 * 1024;

/** As the product has them, markup and all; what is missing or not text is empty. */
export function productInputs(product: Product): ProductInputs {
  const { title, brand, category, description } = product as Record<string, unknown>;
  return {
    title: input(title, FIELD_CHARACTERS),
    brand: input(brand, FIELD_CHARACTERS),
    category: input(category, FIELD_CHARACTERS),
    description: input(description, DESCRIPTION_CHARACTERS),
  };
}

function input(value: unknown, characters: number): string {
  return typeof value === 'string' ? value.slice(0, characters) : '';
}
