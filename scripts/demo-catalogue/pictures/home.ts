import { box, dot, GOLD, INK, line, METAL, oval, path, type Drawing } from './shapes.js';

export const home: Readonly<Record<string, Drawing>> = {
  chair: ({ base, dark, light }) =>
    line('M50 88l-8 48M112 88l8 48', dark, 8) +
    line('M62 92l-2 36M100 92l2 36', dark, 6) +
    path('M48 22q32-10 64 0l-4 36q-28-6-56 0z', base) +
    path('M54 28q26-7 52 0l-1 8q-25-6-50 0z', light) +
    line('M56 56l2 28M104 56l-2 28M80 54v28', dark, 6) +
    path('M44 80h72q8 0 6 8l-2 8H40l-2-8q-2-8 6-8z', base) +
    path('M39 90h82l-1 6H40z', dark),
  table: ({ base, dark, light }) =>
    path('M34 72h12l-8 64h-8zM114 72h12l4 64h-8z', dark) +
    path('M52 72h8l-4 46h-6zM100 72h8l2 46h-6z', dark) +
    box(12, 58, 136, 14, base, 5) +
    line('M18 62h116', light, 4) +
    path('M68 38h24l-4 20H72z', '#86bde4') +
    line('M80 38V24M76 38l-8-14M84 38l8-14', '#4f9d5d', 3) +
    dot(80, 22, 6, '#f0796a') +
    dot(67, 23, 5, GOLD) +
    dot(93, 23, 5, '#f3f1ec'),
  sofa: ({ base, dark, light }) =>
    path('M32 122h10v14h-6zM118 122h10l-4 14h-6z', INK) +
    path('M28 78V58q0-14 14-14h76q14 0 14 14v20z', dark) +
    box(34, 50, 45, 46, base, 8) +
    box(81, 50, 45, 46, base, 8) +
    box(28, 84, 104, 24, light, 7) +
    line('M80 87v18', base, 3) +
    path('M14 84q0-12 11-12t11 12v20h88V84q0-12 11-12t11 12v34q0 8-8 8H22q-8 0-8-8z', base) +
    path('M36 112h88v14H36z', dark),
  shelf: ({ base, dark, light }) =>
    path('M34 20h92v118h-8v-6H42v6h-8z', base) +
    box(41, 27, 78, 30, dark) +
    box(41, 63, 78, 30, dark) +
    box(41, 99, 78, 30, dark) +
    path('M46 34h8v23h-8zM71 33h7v24h-7z', '#d1453f') +
    path('M55 31h7v26h-7zM100 70h8v23h-8z', '#3f78c4') +
    path('M63 36h7v21h-7zM109 74h6v19h-6z', '#f2c744') +
    path('M92 43h16l-3 14H95zM48 78h22v15H48z', light) +
    line('M100 43q-6-6-8-12M100 43q6-6 8-12M100 43V30', '#4f9d5d', 4) +
    dot(62, 117, 12, '#f0796a') +
    box(84, 107, 28, 22, '#f3f1ec', 2),
  lamp: ({ base, dark, light }) =>
    path('M52 74h56l34 62H18z', '#fff2c4') +
    line('M80 72v58', METAL, 6) +
    path('M58 26h44l18 50H40z', base) +
    path('M92 26h10l18 50h-20z', dark) +
    path('M62 34h10l-8 34H52z', light) +
    path('M52 136q2-12 28-12t28 12z', INK),
  pendant: ({ base, dark, light }) =>
    path('M36 96h88l20 64H16z', '#fff2c4') +
    line('M80 0v46', INK, 4) +
    box(72, 38, 16, 14, GOLD, 3) +
    oval(80, 97, 20, 12, '#ffe08a') +
    path('M28 96q4-46 52-46t52 46z', base) +
    path('M98 53q32 10 34 43h-22q0-26-12-43z', dark) +
    line('M44 86q5-18 22-25', light, 5),
  bulb: ({ base, dark, light }) =>
    dot(80, 64, 44, light) +
    path('M80 24q38 2 38 38 0 16-12 28-8 8-8 18H62q0-10-8-18-12-12-12-28 0-36 38-38z', base) +
    line('M68 106l-6-36 9 8 9-8 9 8 9-8-6 36', dark, 3) +
    line('M56 56q4-16 18-19', '#ffffff', 5) +
    box(62, 106, 36, 8, METAL, 3) +
    box(62, 116, 36, 8, '#9aa1a9', 3) +
    path('M66 126h28l-6 10H72z', INK),
};
