import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** One line of a plot. */
export interface Series {
  name: string;
  points: { x: number; y: number }[];
}

export interface PlotOptions {
  title: string;
  /** Axis labels with their units. */
  x: string;
  y: string;
  /** The x axis is even, from 0, as time is; logarithmic without it. */
  isEvenX?: boolean;
  /** A horizontal line with its meaning, for instance a target. */
  limit?: { y: number; name: string };
  /** Vertical lines where something happens, with what it is. */
  marks?: readonly { x: number; name: string }[];
}

const WIDTH = 760;
const HEIGHT = 460;
const LEFT = 78;
const RIGHT = 190;
const TOP = 46;
const BOTTOM = 62;
/** Okabe and Ito's colours, which most colour-blind people can tell apart. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];

/** An axis: its ticks, and where on it each value lies. */
interface Axis {
  ticks: number[];
  at: (value: number) => number;
}

/** Lines over logarithmic axes, or an even x, as SVG; points that are not positive are left out. */
export function plotSvg(series: readonly Series[], options: PlotOptions): string {
  const lines = series.map(({ name, points }) => ({
    name,
    points: points.filter(({ x, y }) => x > 0 && y > 0),
  }));
  const all = lines.flatMap(({ points }) => points);
  const { limit, marks = [] } = options;
  const xAxis = options.isEvenX === true ? evenAxis : logAxis;
  const { ticks: xTicks, at: toX } = xAxis(
    all.map(({ x }) => x),
    LEFT,
    WIDTH - RIGHT,
  );
  const { ticks: yTicks, at: toY } = logAxis(
    [...all.map(({ y }) => y), ...(limit === undefined ? [] : [limit.y])],
    HEIGHT - BOTTOM,
    TOP,
  );
  const middleX = (LEFT + WIDTH - RIGHT) / 2;
  const middleY = (TOP + HEIGHT - BOTTOM) / 2;
  const parts = [
    text(LEFT, 24, options.title, 'font-size="15" font-weight="600"'),
    ...xTicks.map((x) => grid(toX(x), TOP, toX(x), HEIGHT - BOTTOM)),
    ...xTicks.map((x) => text(toX(x), HEIGHT - BOTTOM + 18, label(x), 'text-anchor="middle"')),
    ...yTicks.map((y) => grid(LEFT, toY(y), WIDTH - RIGHT, toY(y))),
    ...yTicks.map((y) => text(LEFT - 8, toY(y) + 4, label(y), 'text-anchor="end"')),
    text(middleX, HEIGHT - 18, options.x, 'text-anchor="middle"'),
    text(
      0,
      0,
      options.y,
      `text-anchor="middle" transform="translate(20 ${n(middleY)}) rotate(-90)"`,
    ),
    ...(limit === undefined ? [] : [limitLine(toY(limit.y), limit.name)]),
    ...marks.map(({ x, name }) => markLine(toX(x), name)),
    ...lines.map(({ name, points }, i) => {
      const colour = COLOURS[i % COLOURS.length] ?? '#000';
      const path = points.map(({ x, y }) => `${n(toX(x))},${n(toY(y))}`).join(' ');
      const dots = points.map(
        ({ x, y }) => `<circle cx="${n(toX(x))}" cy="${n(toY(y))}" r="3" fill="${colour}"/>`,
      );
      const keyY = TOP + 16 + i * 20;
      const keyX = WIDTH - RIGHT + 14;
      return [
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...dots,
        `<rect x="${n(keyX)}" y="${n(keyY - 9)}" width="14" height="4" fill="${colour}"/>`,
        text(keyX + 20, keyY - 3, name),
      ].join('\n');
    }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${n(WIDTH)} ${n(HEIGHT)}" \
font-family="system-ui, sans-serif" font-size="12" fill="#222">
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}

export async function writePlot(
  file: string,
  series: readonly Series[],
  options: PlotOptions,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, plotSvg(series, options));
  process.stderr.write(`• plot written to ${file}\n`);
}

function logAxis(values: readonly number[], from: number, to: number): Axis {
  const ticks = logTicks(values);
  return { ticks, at: scale(ticks, from, to) };
}

/** About ten ticks from 0, at 1, 2 or 5 times a power of ten. */
function evenAxis(values: readonly number[], from: number, to: number): Axis {
  const end = Math.max(...values, 1e-9);
  const power = 10 ** Math.floor(Math.log10(end / 10));
  const step = power * ([1, 2, 5].find((times) => times * power >= end / 10) ?? 10);
  const ticks = Array.from({ length: Math.ceil(end / step) + 1 }, (_, i) => i * step);
  const last = ticks.at(-1) ?? step;
  return { ticks, at: (value) => from + (value / last) * (to - from) };
}

/** 1, 2 and 5 times the powers of ten that enclose the values; only the powers over many decades. */
function logTicks(values: readonly number[]): number[] {
  const low = Math.floor(Math.log10(Math.min(...values, Infinity)));
  const high = Math.ceil(Math.log10(Math.max(...values, -Infinity)));
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [1, 10];
  const steps = high - low > 3 ? [1] : [1, 2, 5];
  const ticks = [];
  for (let power = low; power <= Math.max(high, low + 1); power += 1) {
    ticks.push(...steps.map((step) => step * 10 ** power));
  }
  const lowest = Math.min(...values);
  const highest = Math.max(...values);
  const first = ticks.findLastIndex((tick) => tick <= lowest);
  const last = ticks.findIndex((tick) => tick >= highest);
  return ticks.slice(Math.max(0, first), Math.max(first + 2, last + 1));
}

function scale(ticks: readonly number[], from: number, to: number): (value: number) => number {
  const low = Math.log10(ticks[0] ?? 1);
  const high = Math.log10(ticks.at(-1) ?? 10);
  return (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
}

function limitLine(y: number, name: string): string {
  const line = `<line x1="${n(LEFT)}" x2="${n(WIDTH - RIGHT)}" y1="${n(y)}" y2="${n(y)}"`;
  return `${line} stroke="#b00020" stroke-dasharray="6 4"/>
${text(WIDTH - RIGHT - 6, y - 5, name, 'fill="#b00020" text-anchor="end"')}`;
}

function markLine(x: number, name: string): string {
  const line = `<line x1="${n(x)}" x2="${n(x)}" y1="${n(TOP)}" y2="${n(HEIGHT - BOTTOM)}"`;
  const turned = `font-size="10" fill="#666" transform="translate(${n(x + 10)} ${n(TOP + 4)}) rotate(90)"`;
  return `${line} stroke="#999" stroke-dasharray="2 3"/>
${text(0, 0, name, turned)}`;
}

function grid(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" stroke="#e2e2e2"/>`;
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const safe = content.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  return `<text x="${n(x)}" y="${n(y)}" ${attributes}>${safe}</text>`;
}

function label(value: number): string {
  return value >= 1 || value === 0
    ? value.toLocaleString('en-US')
    : String(Number(value.toPrecision(2)));
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}
