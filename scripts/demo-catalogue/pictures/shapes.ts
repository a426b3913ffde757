/** The few shapes that the drawings are made of, on a canvas of 160 by 160. */

/** What a drawing is coloured with. */
export interface Shades {
  /** The product's colour, one darker and one lighter than it. */
  readonly base: string;
  readonly dark: string;
  readonly light: string;
}

/** Draws the inside of a picture. */
export type Drawing = (shades: Shades) => string;

/** Colours that stay the same in every picture. */
export const INK = '#33363d';
export const PAPER = '#fbfaf7';
export const METAL = '#c3c9d0';
export const SHADE = '#9aa1a9';
export const WOOD = '#cfa26c';
export const BARK = '#8f6540';
export const LEAF = '#4f9d5d';
export const GOLD = '#e0b84e';

export function path(d: string, fill: string): string {
  return `<path d="${d}" fill="${fill}"/>`;
}

/** An open line with round ends. */
export function line(d: string, stroke: string, width: number): string {
  return `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
}

/** A box of a width and a height whose corners have the radius `round`. */
export function box(x: number, y: number, w: number, h: number, fill: string, round = 0): string {
  const corner = round === 0 ? '' : ` rx="${round}"`;
  return `<rect x="${x}" y="${y}" width="${w}" height="${h}"${corner} fill="${fill}"/>`;
}

export function dot(cx: number, cy: number, r: number, fill: string): string {
  return `<circle cx="${cx}" cy="${cy}" r="${r}" fill="${fill}"/>`;
}

export function oval(cx: number, cy: number, rx: number, ry: number, fill: string): string {
  return `<ellipse cx="${cx}" cy="${cy}" rx="${rx}" ry="${ry}" fill="${fill}"/>`;
}

/** A circle's outline. */
export function ring(cx: number, cy: number, r: number, stroke: string, width: number): string {
  return `<circle cx="${cx}" cy="${cy}" r="${r}" fill="none" stroke="${stroke}" stroke-width="${width}"/>`;
}

/** Turns shapes clockwise around the middle of the canvas. */
export function turned(degrees: number, shapes: string): string {
  return `<g transform="rotate(${degrees} 80 80)">${shapes}</g>`;
}
