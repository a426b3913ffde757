import { BARK, box, dot, LEAF, line, METAL, path, SHADE, type Drawing } from './shapes.js';

const DEEP_LEAF = '#2f6b4a';

export const garden: Readonly<Record<string, Drawing>> = {
  plant: ({ base, dark, light }) =>
    line('M80 96V40', DEEP_LEAF, 4) +
    path('M80 66Q70 22 40 22q-2 36 40 44z', LEAF) +
    path('M80 60q2-42 36-46 6 40-36 46z', LEAF) +
    path('M80 92q-14-32-48-26 6 30 48 26z', DEEP_LEAF) +
    path('M80 92q14-36 50-28-6 32-50 28z', '#6bb878') +
    path('M52 100h56l-8 36H60z', base) +
    path('M94 100h14l-8 36H88z', dark) +
    box(47, 90, 66, 14, light, 3),
  wateringcan: ({ base, dark, light }) =>
    line('M58 60q6-34 38-30 30 4 26 58', dark, 8) +
    path('M60 104L22 54l8-6 40 34z', dark) +
    path('M10 58l24-22 6 7-24 22z', SHADE) +
    path('M56 62h60l8 68q0 6-6 6H54q-6 0-6-6z', base) +
    path('M100 62h16l8 68q0 6-6 6h-14z', dark) +
    line('M64 74l-4 44', light, 6) +
    line('M14 70v8M22 76v10M8 80v6', '#86bde4', 4),
  spade: ({ base, dark, light }) =>
    `<g transform="rotate(28 80 80)">${
      line('M68 16h24', dark, 9) +
      box(76, 16, 8, 74, base, 3) +
      box(81, 18, 3, 70, light) +
      path('M56 84h48v26q0 26-24 42-24-16-24-42z', METAL) +
      path('M80 84h24v26q0 26-24 42z', SHADE) +
      box(73, 78, 14, 22, SHADE, 4)
    }</g>`,
  parasol: ({ base, dark, light }) =>
    line('M80 30v104', BARK, 5) +
    path(
      'M10 74q8-48 70-50 62 2 70 50-12-8-23 0-12-8-24 0-12-8-23 0-12-8-23 0-12-8-24 0-11-8-23 0z',
      base,
    ) +
    path(
      'M80 24q-20 18-23 50-12-8-24 0 6-38 47-50zM80 24q20 18 23 50 12-8 24 0-6-38-47-50z',
      light,
    ) +
    dot(80, 22, 5, dark) +
    path('M52 136q4-10 28-10t28 10z', SHADE),
};
