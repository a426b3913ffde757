import { bags } from './departments/bags.js';
import { beauty } from './departments/beauty.js';
import { books } from './departments/books.js';
import { cookware } from './departments/cookware.js';
import { dresses } from './departments/dresses.js';
import { furniture } from './departments/furniture.js';
import { garden } from './departments/garden.js';
import { groceries } from './departments/groceries.js';
import { headphones } from './departments/headphones.js';
import { jackets } from './departments/jackets.js';
import { keyboards } from './departments/keyboards.js';
import { laptops } from './departments/laptops.js';
import { lighting } from './departments/lighting.js';
import { mice } from './departments/mice.js';
import { pets } from './departments/pets.js';
import { phones } from './departments/phones.js';
import { shoes } from './departments/shoes.js';
import { sports } from './departments/sports.js';
import { stationery } from './departments/stationery.js';
import { tools } from './departments/tools.js';
import { toys } from './departments/toys.js';
import { watches } from './departments/watches.js';
import type { Department } from './kind.js';

/** The shop's categories, largest first. */
export const DEPARTMENTS: readonly Department[] = [
  shoes,
  groceries,
  dresses,
  cookware,
  toys,
  furniture,
  garden,
  jackets,
  books,
  headphones,
  phones,
  laptops,
  bags,
  lighting,
  sports,
  mice,
  watches,
  beauty,
  keyboards,
  pets,
  tools,
  stationery,
];
