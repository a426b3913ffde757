import { box, dot, GOLD, INK, line, METAL, PAPER, path, ring, type Drawing } from './shapes.js';

export const accessories: Readonly<Record<string, Drawing>> = {
  backpack: ({ base, dark, light }) =>
    line('M66 30q0-14 14-14t14 14', dark, 6) +
    box(24, 82, 20, 44, dark, 8) +
    box(116, 82, 20, 44, dark, 8) +
    path('M36 64q0-38 44-38t44 38v66q0 8-8 8H44q-8 0-8-8z', base) +
    path('M36 64q0-38 44-38t44 38v6q-44 12-88 0z', light) +
    box(48, 88, 64, 42, dark, 8) +
    line('M54 98h52', GOLD, 3) +
    box(74, 64, 12, 18, '#8a5a3a', 3),
  handbag: ({ base, dark, light }) =>
    line('M52 66q0-44 28-44t28 44', dark, 7) +
    path('M34 60h92l12 68q0 8-8 8H30q-8 0-8-8z', base) +
    path('M34 60h92l6 34q-52 20-104 0z', light) +
    path('M23 120h114l1 8q0 8-8 8H30q-8 0-8-8z', dark) +
    box(72, 90, 16, 22, GOLD, 4) +
    box(77, 97, 6, 8, dark, 2),
  suitcase: ({ base, dark, light }) =>
    line('M64 40V16h32v24', METAL, 6) +
    box(62, 12, 36, 9, INK, 4) +
    box(38, 38, 84, 92, base, 12) +
    path('M104 38h6q12 0 12 12v68q0 12-12 12h-6z', dark) +
    line('M56 50v68M72 50v68M88 50v68', light, 5) +
    box(72, 34, 16, 6, INK, 3) +
    dot(52, 135, 7, INK) +
    dot(108, 135, 7, INK),
  watch: ({ base, dark, light }) =>
    path('M62 10h36l6 44H56zM62 150h36l6-44H56z', base) +
    path('M62 10h8l-4 44H56zM62 150h8l-4-44H56z', light) +
    path('M90 10h8l6 44H92zM90 150h8l6-44H92z', dark) +
    box(118, 74, 10, 12, GOLD, 3) +
    dot(80, 80, 42, GOLD) +
    dot(80, 80, 35, PAPER) +
    line('M80 50v5M80 105v5M50 80h5M105 80h5', INK, 4) +
    line('M80 80V60M80 80l15 9', INK, 4) +
    ring(80, 80, 35, '#b98f2f', 2),
};
