import { box, dot, GOLD, INK, line, oval, PAPER, path, ring, type Drawing } from './shapes.js';

function paw(x: number, y: number, fill: string): string {
  return (
    oval(x, y + 6, 10, 8, fill) +
    dot(x - 11, y - 3, 4, fill) +
    dot(x - 4, y - 9, 4, fill) +
    dot(x + 4, y - 9, 4, fill) +
    dot(x + 11, y - 3, 4, fill)
  );
}

export const pets: Readonly<Record<string, Drawing>> = {
  petbed: ({ base, dark, light }) =>
    oval(80, 84, 68, 40, dark) +
    oval(80, 80, 52, 28, light) +
    path('M46 86q-4-30 30-32 30 0 40 20 6 14-6 20z', '#b98a5e') +
    path('M46 88q-10-6-8-18l2-14 12 8h12l10-8 2 16q0 14-12 18z', '#cf9f70') +
    dot(50, 74, 2.5, INK) +
    dot(64, 74, 2.5, INK) +
    oval(57, 80, 3.5, 2.5, INK) +
    path('M12 84q8 22 68 22t68-22v22q0 28-68 28t-68-28z', base) +
    line('M28 112q20 10 46 10', light, 4),
  petbowl: ({ base, dark, light }) =>
    path('M44 76q6-22 36-22t36 22z', '#9a6a42') +
    dot(62, 64, 7, '#b98352') +
    dot(82, 58, 8, '#b98352') +
    dot(100, 66, 7, '#b98352') +
    path('M34 76h92l18 50q2 8-6 8H22q-8 0-6-8z', base) +
    path('M17 122h126l1 4q2 8-6 8H22q-8 0-6-8z', dark) +
    oval(80, 76, 46, 6, light) +
    paw(80, 102, PAPER),
  petfood: ({ base, dark, light }) =>
    path('M40 24h80l6 14-6 98H40l-6-98z', base) +
    path('M40 24h80l6 14H34z', dark) +
    path('M112 38h14l-6 98h-12z', dark) +
    dot(78, 84, 30, PAPER) +
    paw(78, 84, dark) +
    line('M52 124h50', light, 5),
  collar: ({ base, dark, light }) =>
    `<ellipse cx="80" cy="66" rx="54" ry="34" fill="none" stroke="${dark}" stroke-width="16"/>` +
    `<path d="M26 66q4 34 54 36 50-2 54-36" fill="none" stroke="${base}" stroke-width="17"/>` +
    line('M36 84q10 12 30 15M96 99q20-4 28-14', light, 3) +
    `<rect x="66" y="90" width="28" height="22" rx="4" fill="none" stroke="${GOLD}" stroke-width="5"/>` +
    ring(80, 118, 6, GOLD, 3) +
    dot(80, 134, 12, GOLD) +
    box(74, 132, 12, 4, '#b98f2f', 2),
};
