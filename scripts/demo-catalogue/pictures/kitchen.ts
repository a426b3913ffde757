import {
  box,
  dot,
  INK,
  line,
  METAL,
  oval,
  PAPER,
  path,
  SHADE,
  turned,
  type Drawing,
} from './shapes.js';

export const kitchen: Readonly<Record<string, Drawing>> = {
  pan: ({ base, dark, light }) =>
    line('M96 64l46-42', INK, 13) +
    line('M137 27l5-5', METAL, 5) +
    dot(66, 92, 50, dark) +
    dot(66, 90, 48, base) +
    dot(66, 90, 38, '#4a4f57') +
    path('M42 84q4-20 26-18 24 0 24 20 6 22-18 24-34 4-32-26z', PAPER) +
    dot(68, 88, 11, '#f2b93b') +
    line('M24 76q6-20 24-28', light, 4),
  pot: ({ base, dark, light }) =>
    line('M30 78H16v14h16M130 78h14v14h-16', dark, 7) +
    path('M28 66h104v54q0 14-14 14H42q-14 0-14-14z', base) +
    path('M108 66h24v54q0 14-14 14h-16q6-30 6-68z', dark) +
    path('M24 66q4-28 56-28t56 28z', light) +
    box(22, 62, 116, 8, dark, 4) +
    box(68, 28, 24, 11, INK, 5) +
    line('M42 82v30', light, 5),
  knife: ({ base, dark, light }) =>
    turned(
      -32,
      path('M10 64h86v30q-56 4-86-30z', METAL) +
        path('M10 64h86v8H16z', SHADE) +
        box(94, 61, 8, 34, INK, 2) +
        path('M102 64h42q8 0 8 10t-8 12h-20q-14 0-22 4z', base) +
        path('M104 64h40q7 0 8 6h-48z', light) +
        dot(114, 77, 3, dark) +
        dot(132, 77, 3, dark),
    ),
  kettle: ({ base, dark, light }) =>
    line('M52 52q-2-26 28-26t28 26', INK, 8) +
    path('M112 78q14-2 18-22l16-2q-4 36-30 48z', dark) +
    path('M54 50h52q16 30 18 78 0 6-8 6H44q-8 0-8-6 2-48 18-78z', base) +
    line('M56 66q-8 22-9 48', light, 6) +
    box(50, 46, 60, 9, dark, 4) +
    oval(80, 42, 8, 6, INK) +
    box(40, 126, 80, 9, dark, 4),
};
