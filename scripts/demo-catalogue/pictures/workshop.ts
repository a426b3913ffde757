import { box, dot, INK, line, METAL, path, SHADE, turned, WOOD, type Drawing } from './shapes.js';

export const workshop: Readonly<Record<string, Drawing>> = {
  drill: ({ base, dark, light }) =>
    box(6, 51, 26, 6, SHADE, 2) +
    path('M30 44h18v20H30l-4-10z', INK) +
    path('M46 36h74q14 0 14 18t-14 18H46z', base) +
    path('M82 68h34l10 50H94z', dark) +
    line('M74 74q2 12 14 10', INK, 6) +
    box(84, 112, 56, 24, INK, 5) +
    box(92, 120, 22, 6, base, 2) +
    line('M56 46h40', light, 5) +
    line('M108 46v16M116 46v16M124 48v12', dark, 3),
  hammer: ({ base, dark, light }) =>
    turned(
      36,
      box(73, 50, 14, 36, WOOD) +
        box(71, 82, 18, 66, base, 7) +
        line('M76 94v44', light, 4) +
        line('M84 92v46', dark, 3) +
        path('M62 20h36v30H62z', SHADE) +
        path('M98 22h12q26 2 30 28-16-12-30-10l-12 6z', SHADE) +
        box(40, 16, 24, 38, METAL, 4),
    ),
  screwdriver: ({ base, dark, light }) =>
    turned(
      40,
      box(76, 76, 8, 62, METAL) +
        path('M74 134h12l-3 16h-6z', SHADE) +
        path('M66 8h28q8 8 4 30-6 14 0 30l-8 10H70l-8-10q6-16 0-30-4-22 4-30z', base) +
        line('M73 16v50', light, 4) +
        line('M87 16v50', dark, 4),
    ) +
    turned(
      -40,
      box(77, 76, 6, 62, METAL) +
        path('M70 18h20q6 6 3 24-4 12 0 24l-5 10H72l-5-10q4-12 0-24-3-18 3-24z', INK) +
        line('M75 24v40', base, 4),
    ),
  toolbox: ({ base, dark, light }) =>
    line('M54 56V34h52v22', INK, 8) +
    path('M26 54h108q10 0 12 20H14q2-20 12-20z', light) +
    box(14, 72, 132, 62, base, 6) +
    path('M14 112h132v16q0 6-6 6H20q-6 0-6-6z', dark) +
    box(36, 66, 16, 22, METAL, 3) +
    box(108, 66, 16, 22, METAL, 3) +
    box(66, 88, 28, 16, INK, 3) +
    dot(80, 96, 3, METAL),
};
