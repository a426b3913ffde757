import { shoes } from './departments/shoes.js';
import type { Department } from './kind.js';

/** The shop's categories. */
export const DEPARTMENTS: readonly Department[] = [shoes];
