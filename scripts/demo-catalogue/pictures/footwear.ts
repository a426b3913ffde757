import { box, line, path, PAPER, WOOD, type Drawing } from './shapes.js';

export const footwear: Readonly<Record<string, Drawing>> = {
  sneaker: ({ base, dark, light }) =>
    path('M24 66q10 8 24 2l12-14 14 4q20 26 50 32 18 4 18 20H22q-6-22 2-44z', base) +
    path('M24 66q10 8 24 2 0 20-4 42H22q-6-22 2-44z', dark) +
    path('M112 86q30 4 30 24h-42q0-16 12-24z', light) +
    line('M68 66l-10 9M77 74l-10 10M87 81l-9 10', PAPER, 4) +
    line('M58 102q22 0 32-12', light, 6) +
    path('M18 108h128q2 16-10 16H28q-10 0-10-16z', PAPER) +
    path('M18 118h127q-2 8-9 8H28q-8 0-10-8z', dark),
  boot: ({ base, dark, light }) =>
    path('M48 26h46v50q4 12 24 15 22 4 22 29H44q4-40 4-94z', base) +
    path('M48 26h46v11H48z', dark) +
    path('M112 90q28 4 28 30h-36q-4-18 8-30z', dark) +
    line('M58 48v52', light, 4) +
    line('M90 48l-12 5M91 60l-11 5M95 72l-11 6M103 83l-9 8', PAPER, 4) +
    path('M42 116h100v14H92v-5H74v5H42z', '#2b2d33'),
  heel: ({ base, dark, light }) =>
    path(
      'M26 40q14 2 22 16 22 36 62 46 26 4 36 16 2 6-8 6-46 2-72-22-16-14-28-18-10-4-14-20-4-20 2-24z',
      base,
    ) +
    path('M24 72q4 12 16 15l-6 43h-10q4-30 0-58z', dark) +
    path('M48 56q20 33 58 45-28 6-46-16-10-14-12-29z', light) +
    path('M102 101q30 4 44 17 2 6-8 6-22 1-40-5-6-10 4-18z', dark),
  sandal: ({ base, dark, light }) =>
    path('M14 106q6-8 26-6 26 12 54 10 26-4 46 0 8 8-4 14H22q-12 0-8-18z', WOOD) +
    path('M14 116q4 4 10 4h114q4 0 6-4 0 14-12 14H24q-10 0-10-14z', '#5b4636') +
    path('M18 104q-6-34 14-44l12 6q-16 14-8 38z', dark) +
    path('M32 60q30-4 50 18l-8 10Q58 70 36 72z', base) +
    path('M78 110q6-32 24-40 22 10 32 38-26 4-56 2z', base) +
    path('M92 80q5-7 10-10 18 8 28 29-16-13-38-19z', light) +
    box(50, 60, 14, 14, '#e0b84e', 3),
};
