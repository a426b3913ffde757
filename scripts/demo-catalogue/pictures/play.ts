import { box, dot, INK, line, METAL, oval, PAPER, path, type Drawing } from './shapes.js';

export const play: Readonly<Record<string, Drawing>> = {
  bricks: ({ base, dark, light }) =>
    path('M26 92h10v-8h14v8h10v-8h14v8h6v42H26z', base) +
    path('M80 92h8v-8h14v8h10v-8h14v8h8v42H80z', '#ec8a3b') +
    path('M52 50h10v-8h14v8h10v-8h14v8h10v42H52z', light) +
    path('M26 122h54v12H26z', dark) +
    path('M80 122h54v12H80z', '#c46e27') +
    path('M52 80h58v12H52z', base),
  teddy: ({ base, dark, light }) =>
    dot(50, 32, 15, base) +
    dot(110, 32, 15, base) +
    dot(50, 32, 8, light) +
    dot(110, 32, 8, light) +
    oval(36, 98, 13, 20, dark) +
    oval(124, 98, 13, 20, dark) +
    oval(80, 106, 38, 34, base) +
    oval(80, 108, 22, 22, light) +
    oval(52, 132, 17, 14, dark) +
    oval(108, 132, 17, 14, dark) +
    oval(80, 54, 40, 34, base) +
    oval(80, 64, 18, 14, PAPER) +
    dot(64, 48, 4.5, INK) +
    dot(96, 48, 4.5, INK) +
    oval(80, 58, 6, 4.5, INK) +
    line('M80 62q0 8-8 8M80 62q0 8 8 8', INK, 2.5),
  car: ({ base, dark, light }) =>
    path('M44 72q8-30 20-30h34q12 0 24 30z', dark) +
    path('M54 70q6-20 12-20h12v20zM84 50h14q6 0 14 20H84z', '#cfe6f5') +
    path('M12 98q0-24 24-26h92q20 2 20 24v16q0 6-6 6H18q-6 0-6-6z', base) +
    box(18, 78, 120, 7, light, 3) +
    box(12, 106, 136, 12, dark, 5) +
    oval(142, 94, 6, 7, '#ffe08a') +
    dot(44, 116, 19, INK) +
    dot(116, 116, 19, INK) +
    dot(44, 116, 9, METAL) +
    dot(116, 116, 9, METAL),
  puzzle: ({ base, dark, light }) =>
    path('M28 28h38q-6-16 8-16t8 16h0v0h-2v50H28z', base) +
    path('M28 80h22q-8 16 6 16t6-16h18v52H28z', light) +
    path('M80 80h52v52H80v-20q-16 8-16-6t16-6z', dark) +
    `<g transform="translate(10 -10) rotate(10 106 54)">${path('M80 28h52v52h-18q8 16-6 16t-6-16H80V60q16 8 16-6t-16-6z', base)}</g>`,
};
