import { fillAttribute, fillText, rollSlots, type Slots } from './fill.js';
import type { Department, Kind, SlotValue } from './kind.js';
import { seededRandom, seedOf, type Random } from './random.js';

/** A product of the demo shop, in the shape that `POST /products` takes. */
export interface DemoProduct {
  readonly id: string;
  readonly title: string;
  readonly category: string;
  readonly brand: string;
  readonly description: string;
  readonly price: number;
  readonly in_stock: boolean;
  readonly image_url: string;
  readonly categories?: readonly string[];
  readonly attributes: Readonly<Record<string, SlotValue>>;
}

/** What `image_url` points at: a drawing in a colour. */
export interface Picture {
  readonly drawing: string;
  readonly colour: string;
}

/** The file name of a picture, without folder. */
export function pictureFile({ drawing, colour }: Picture): string {
  return `${drawing}-${colour.replaceAll(' ', '-')}.svg`;
}

/** Each kind as often as its share says, in proportion, and every kind at least once. */
function kindsByShare(department: Department): Kind[] {
  const total = department.kinds.reduce((sum, kind) => sum + (kind.share ?? 1), 0);
  let due = 0;
  const spread: Kind[] = [];
  for (const kind of department.kinds) {
    due += ((kind.share ?? 1) / total) * department.products;
    while (spread.length < Math.round(due)) spread.push(kind);
  }
  return spread;
}

/** A price a shop would print: skewed to the low end, and ending in .99, .95, .49 or a whole number. */
function shopPrice(low: number, high: number, random: Random): number {
  const raw = low * (high / low) ** random.next();
  const ending = random.pick([0.99, 0.99, 0.99, 0.95, 0.49]);
  if (raw >= 300) return Math.round(raw / 10) * 10 - 1;
  return Number((Math.max(1, Math.floor(raw)) - 1 + ending + (raw < 2 ? 1 : 0)).toFixed(2));
}

function describe(kind: Kind, department: Department, slots: Slots, random: Random): string {
  const templates = [random.pick(kind.opens)];
  if (random.next() < 0.8) templates.push(random.pick(kind.adds));
  if (random.next() < 0.45) templates.push(random.pick(department.closes));
  return templates.map((template) => fillText(template, slots)).join(' ');
}

function attributesOf(kind: Kind, slots: Slots): Record<string, SlotValue> {
  const attributes: Record<string, SlotValue> = {};
  if (kind.hidesColour !== true) attributes['Colour'] = fillText('{colour}', slots);
  for (const [name, template] of Object.entries(kind.attributes)) {
    attributes[name] = fillAttribute(template, slots);
  }
  return attributes;
}

interface Drawn {
  readonly product: Omit<DemoProduct, 'id'>;
  readonly picture: Picture;
}

function draw(kind: Kind, department: Department, random: Random): Drawn {
  const rolled = rollSlots(kind, random);
  const slots: Slots = {
    ...rolled,
    brand: random.pick(department.brands),
    line: random.pick(department.lines),
  };
  const factor = Number(slots['priceFactor'] ?? 1);
  const also = (kind.also ?? []).map((template) => fillText(template, slots));
  const listed = also.length > 0 && random.next() < 0.7;
  const picture = { drawing: kind.drawing, colour: String(slots['colour']) };
  const product = {
    title: fillText(random.pick(kind.titles), slots),
    category: department.category,
    brand: fillText('{brand}', slots),
    description: describe(kind, department, slots, random),
    price: shopPrice(kind.price[0] * factor, kind.price[1] * factor, random),
    in_stock: random.next() < 0.88,
    image_url: `/demo/pictures/${pictureFile(picture)}`,
    ...(listed ? { categories: [department.category, ...also] } : {}),
    attributes: attributesOf(kind, slots),
  };
  return { product, picture };
}

const ATTEMPTS = 50;

/** A product whose title is new to the shop. */
function drawUnique(
  kind: Kind,
  department: Department,
  random: Random,
  titles: Set<string>,
): Drawn {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const drawn = draw(kind, department, random);
    if (titles.has(drawn.product.title)) continue;
    titles.add(drawn.product.title);
    return drawn;
  }
  throw new Error(
    `${department.category}: too few different titles, e.g. ${kind.titles.join(' / ')}`,
  );
}

/** Interleaves the departments, so that any first part of the feed looks like the whole shop. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const keyed = items.map((item) => ({ item, key: random.next() }));
  return keyed.sort((left, right) => left.key - right.key).map(({ item }) => item);
}

/** The shop's products and every picture they show, each once. */
export interface DemoShop {
  readonly products: readonly DemoProduct[];
  readonly pictures: readonly Picture[];
}

/** Rolls every product of the departments; the same shop for the same departments, always. */
export function demoShop(departments: readonly Department[]): DemoShop {
  const titles = new Set<string>();
  const drawn = departments.flatMap((department) => {
    const random = seededRandom(seedOf(department.category));
    return kindsByShare(department).map((kind) => drawUnique(kind, department, random, titles));
  });
  const products = shuffled(drawn, seededRandom(seedOf('order'))).map(({ product }, at) => ({
    id: `om-${String(at + 1).padStart(5, '0')}`,
    ...product,
  }));
  const pictures = new Map(drawn.map(({ picture }) => [pictureFile(picture), picture]));
  return { products, pictures: [...pictures.values()] };
}
