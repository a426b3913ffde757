import { accessories } from './accessories.js';
import { beauty } from './beauty.js';
import { clothes } from './clothes.js';
import { desk } from './desk.js';
import { electronics } from './electronics.js';
import { footwear } from './footwear.js';
import { garden } from './garden.js';
import { home } from './home.js';
import { kitchen } from './kitchen.js';
import { pantry } from './pantry.js';
import { pets } from './pets.js';
import { play } from './play.js';
import type { Drawing } from './shapes.js';
import { sports } from './sports.js';
import { workshop } from './workshop.js';

/** Every drawing by its name. */
export const DRAWINGS: Readonly<Record<string, Drawing>> = {
  ...accessories,
  ...beauty,
  ...clothes,
  ...desk,
  ...electronics,
  ...footwear,
  ...garden,
  ...home,
  ...kitchen,
  ...pantry,
  ...pets,
  ...play,
  ...sports,
  ...workshop,
};
