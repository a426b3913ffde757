import { box, dot, GOLD, INK, line, oval, PAPER, path, type Drawing } from './shapes.js';

export const beauty: Readonly<Record<string, Drawing>> = {
  cream: ({ base, dark, light }) =>
    path('M32 78h96v44q0 14-14 14H46q-14 0-14-14z', base) +
    path('M112 78h16v44q0 14-14 14h-10q8-20 8-58z', dark) +
    box(28, 44, 104, 36, GOLD, 6) +
    box(28, 70, 104, 6, '#b98f2f') +
    box(50, 94, 56, 24, PAPER, 4) +
    line('M60 103h36M66 111h24', '#9aa1a9', 3) +
    line('M42 92v24', light, 4),
  lipstick: ({ base, dark, light }) =>
    path('M64 60V36q16-18 32-16v40z', base) +
    path('M64 36q16-18 32-16-4 20-32 30z', light) +
    path('M86 60h10V20z', dark) +
    box(60, 58, 40, 22, GOLD, 2) +
    box(88, 58, 12, 22, '#b98f2f') +
    box(54, 78, 52, 60, INK, 5) +
    box(62, 84, 6, 46, '#5d626c', 3),
  perfume: ({ base, dark, light }) =>
    box(66, 18, 28, 26, INK, 4) +
    box(70, 42, 20, 14, GOLD) +
    path('M48 54h64q14 4 14 18v52q0 12-12 12H46q-12 0-12-12V72q0-14 14-18z', light) +
    path('M40 84h80v40q0 6-6 6H46q-6 0-6-6z', base) +
    path('M106 84h14v40q0 6-6 6h-12z', dark) +
    box(58, 90, 44, 26, PAPER, 3) +
    line('M68 99h24M72 107h16', GOLD, 3) +
    line('M46 70v-2', PAPER, 6) +
    dot(120, 26, 3, base) +
    dot(130, 20, 2.5, base) +
    dot(130, 32, 2.5, base),
  pump: ({ base, dark, light }) =>
    line('M80 42V24H56q-8 0-8 8', INK, 8) +
    box(66, 38, 28, 16, INK, 4) +
    path('M52 66q0-14 14-14h28q14 0 14 14v64q0 8-8 8H60q-8 0-8-8z', base) +
    path('M94 52q14 0 14 14v64q0 8-8 8H90q6-40 4-86z', dark) +
    box(58, 76, 42, 42, PAPER, 4) +
    path('M79 84q14 14 8 22-8 8-16 0-6-8 8-22z', light) +
    dot(118, 100, 9, PAPER) +
    dot(130, 84, 6, PAPER) +
    oval(44, 36, 3, 4, light),
};
