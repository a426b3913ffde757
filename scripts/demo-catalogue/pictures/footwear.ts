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
    path('M70 44l18 34q-16 8-24-4z', light) +
    line('M90 48l-12 5M91 60l-11 5M95 72l-11 6M103 83l-9 8', PAPER, 4) +
    path('M42 116h100v14H92v-5H74v5H42z', '#2b2d33'),
  heel: ({ base, dark, light }) =>
    path('M26 40q14 2 22 16 22 36 62 46 26 4 36 16 2 6-8 6-46 2-72-22-16-14-28-18-10-4-14-20-4-20 2-24z', base) +
    path('M24 72q4 12 16 15l-6 43h-10q4-30 0-58z', dark) +
    path('M48 56q20 33 58 45-28 6-46-16-10-14-12-29z', light) +
    path('M102 101q30 4 44 17 2 6-8 6-22 1-40-5-6-10 4-18z', dark),
  sandal: ({ base, dark, light }) =>
    path('M20 104q2-12 20-10 34 8 60 6 40-4 44 12 2 10-12 10H32q-14 0-12-18z', WOOD) +
    path('M20 112q4 4 12 4h112q0 12-12 12H32q-12 0-12-16z', '#5b4636') +
    path('M74 100q8-36 24-46 18 22 30 46-26 2-54 0z', base) +
    path('M88 68q5-10 10-14 9 11 17 24-14-7-27-10z', light) +
    line('M30 94q-4-36 14-42 22-2 46 14', dark, 9) +
    box(36, 52, 12, 12, '#e0b84e', 3),
};
