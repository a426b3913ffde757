import { box, INK, line, METAL, PAPER, path, turned, WOOD, type Drawing } from './shapes.js';

export const desk: Readonly<Record<string, Drawing>> = {
  book: ({ base, dark, light }) =>
    path('M40 26h72v112H48q-10 0-10-10V32q0-6 2-6z', dark) +
    path('M46 118h72v18H50q-10 0-10-9t6-9z', PAPER) +
    line('M52 124h64M52 130h64', METAL, 1.5) +
    path('M50 20h66q4 0 4 4v94H48q-6 0-8 4V30q0-10 10-10z', base) +
    path('M50 20h6v98h-8q-6 0-8 4V30q0-10 10-10z', dark) +
    box(68, 36, 40, 22, PAPER, 2) +
    line('M75 44h26M79 51h18', base, 3) +
    path('M88 72l22 32H66z', light) +
    path('M74 88l12 16H62z', PAPER),
  notebook: ({ base, dark, light }) =>
    box(44, 22, 78, 116, PAPER, 6) +
    box(40, 20, 78, 116, base, 6) +
    box(40, 20, 16, 116, dark, 6) +
    line('M34 34h12M34 52h12M34 70h12M34 88h12M34 106h12M34 122h12', METAL, 5) +
    box(68, 40, 38, 26, PAPER, 3) +
    line('M74 49h26M74 57h16', light, 3) +
    box(106, 20, 5, 116, INK),
  pen: ({ base, dark, light }) =>
    line('M24 136q22-14 40-2t44-4', INK, 3) +
    turned(
      38,
      box(69, 6, 22, 62, dark, 8) +
        path('M69 66h22l-2 44H71z', base) +
        box(68, 62, 24, 6, '#e0b84e') +
        path('M71 110h18l-7 28h-4z', '#e0b84e') +
        line('M80 116v16', INK, 2) +
        line('M88 14v38', '#e0b84e', 4) +
        line('M75 16v40M76 74v30', light, 3),
    ),
  pencils: ({ base, dark, light }) =>
    pencil(34, 40, '#d1453f') +
    pencil(54, 24, '#3f78c4') +
    pencil(74, 34, '#f2c744') +
    pencil(94, 20, '#4f9d5d') +
    pencil(112, 38, '#7a559f') +
    box(24, 88, 112, 50, base, 8) +
    path('M24 124h112v6q0 8-8 8H32q-8 0-8-8z', dark) +
    box(44, 98, 72, 18, PAPER, 4) +
    line('M54 107h52', light, 4),
};

/** One upright pencil whose tip is at `top`. */
function pencil(x: number, top: number, fill: string): string {
  return (
    path(`M${x} ${top + 22}l8-22 8 22z`, WOOD) +
    path(`M${x + 5} ${top + 8}l3-8 3 8z`, fill) +
    box(x, top + 22, 16, 90 - top, fill)
  );
}
