import { BARK, box, GOLD, LEAF, line, oval, PAPER, path, type Drawing } from './shapes.js';

export const pantry: Readonly<Record<string, Drawing>> = {
  coffee: ({ base, dark, light }) =>
    path('M46 34h68l6 96q0 6-6 6H46q-6 0-6-6z', base) +
    path('M46 34h68l-4-14H50z', dark) +
    path('M46 34h14l-4 102H46q-6 0-6-6z', dark) +
    box(58, 62, 46, 50, PAPER, 4) +
    oval(81, 87, 13, 17, '#6b4630') +
    line('M81 72q-7 8 0 15t0 15', PAPER, 3) +
    box(56, 26, 48, 4, light, 2),
  tea: ({ base, dark, light }) =>
    path('M28 48l14-12h90l-12 12z', light) +
    path('M120 48l12-12v86l-12 12z', dark) +
    box(28, 48, 92, 86, base) +
    oval(74, 90, 32, 28, PAPER) +
    path('M54 98q2-26 38-26 0 32-38 26z', LEAF) +
    line('M52 106q14-16 30-22', '#2f6b4a', 3),
  jar: ({ base, dark, light }) =>
    box(44, 46, 72, 90, PAPER, 14) +
    path('M48 62h64v58q0 12-12 12H60q-12 0-12-12z', base) +
    path('M98 62h14v58q0 12-12 12h-8q6-30 6-70z', dark) +
    box(48, 76, 64, 38, PAPER) +
    line('M60 90h40M68 101h24', base, 6) +
    box(42, 26, 76, 22, GOLD, 5) +
    box(42, 40, 76, 5, '#b98f2f') +
    line('M55 66v4M55 120v4', light, 4),
  pack: ({ base, dark, light }) =>
    path('M42 26h76l4 110H38z', base) +
    path('M42 26h76l1 14H41zM39 124h82l1 12H38z', dark) +
    path('M106 40h13l3 84h-14z', dark) +
    box(54, 52, 46, 20, PAPER, 4) +
    box(54, 80, 46, 34, PAPER, 17) +
    line('M64 91q4 8 0 14M72 87q4 10 0 20M81 87q4 10 0 20M90 91q4 8 0 14', '#c98f2d', 3) +
    line('M62 62h30', light, 5),
  chocolate: ({ base, dark, light }) =>
    `<g transform="rotate(-14 80 80)">${
      box(46, 18, 68, 60, '#5c3a28', 4) +
      line('M80 22v50M50 42h60', '#7a5138', 4) +
      path('M42 66l6 5 6-5 6 5 6-5 6 5 8-5 8 5 6-5 6 5 6-5 6 5 6-5v12H42z', '#d9dde2') +
      box(42, 74, 76, 68, base, 3) +
      path('M100 74h18v68h-18z', dark) +
      box(52, 90, 46, 28, PAPER, 3) +
      line('M60 100h30M66 109h18', light, 4)
    }</g>`,
  bottle: ({ base, dark, light }) =>
    box(69, 14, 22, 16, BARK, 3) +
    path('M70 28h20v26q18 10 18 30v46q0 8-8 8H60q-8 0-8-8V84q0-20 18-30z', base) +
    path('M92 55q16 10 16 29v46q0 8-8 8h-8z', dark) +
    box(52, 84, 56, 36, PAPER) +
    oval(74, 102, 9, 12, light) +
    path('M78 92q8-8 16-4-4 10-16 4z', LEAF) +
    line('M62 78q2-10 10-16', light, 4),
};
