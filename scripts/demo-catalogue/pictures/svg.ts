import { hexOf } from '../palette.js';
import type { Picture } from '../products.js';
import { DRAWINGS } from './drawings.js';
import { box, type Shades } from './shapes.js';

type Rgb = readonly [red: number, green: number, blue: number];

function rgbOf(hex: string): Rgb {
  const bits = Number.parseInt(hex.slice(1), 16);
  return [bits >> 16, (bits >> 8) & 255, bits & 255];
}

/** `hex` with a part (0 to 1) of `other` mixed in. */
function mixed(hex: string, other: string, part: number): string {
  const [from, to] = [rgbOf(hex), rgbOf(other)];
  const channels = from.map((value, at) => Math.round(value + ((to[at] ?? value) - value) * part));
  return `#${channels.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** How bright a colour looks, 0 to 255 (ITU-R BT.601). */
function brightness(hex: string): number {
  const [red, green, blue] = rgbOf(hex);
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

function shadesOf(base: string): Shades {
  const lift = brightness(base) < 90 ? 0.28 : 0.4;
  return { base, dark: mixed(base, '#1d2430', 0.26), light: mixed(base, '#ffffff', lift) };
}

/** A pale backdrop in the product's own tint; pale products get a cooler, darker one to stand on. */
function backdropOf(base: string): string {
  return brightness(base) > 205
    ? '#d5dee6'
    : mixed(base, '#fbfbfa', brightness(base) < 110 ? 0.89 : 0.84);
}

/** A picture as SVG text. Throws for a drawing or colour that does not exist. */
export function svgOf({ drawing, colour }: Picture): string {
  const draw = DRAWINGS[drawing];
  if (draw === undefined) throw new Error(`no such drawing: ${drawing}`);
  const base = hexOf(colour);
  const inside = box(0, 0, 160, 160, backdropOf(base)) + draw(shadesOf(base));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 160" width="320" height="320">${inside}</svg>\n`;
}
