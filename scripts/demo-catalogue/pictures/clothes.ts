import { box, dot, GOLD, line, path, type Drawing } from './shapes.js';

export const clothes: Readonly<Record<string, Drawing>> = {
  dress: ({ base, dark, light }) =>
    path('M58 22h8q4 16 14 16t14-16h8l6 34-10 24q18 28 24 58H38q6-30 24-58L52 56z', base) +
    path('M61 76h38l3 10H58z', dark) +
    path('M62 90l-12 46h-12q4-26 20-50zM80 90l6 48H72z', light) +
    line('M98 90l10 46', dark, 3),
  gown: ({ base, dark, light }) =>
    path('M60 18q4 12 20 18 16-6 20-18l4 32-8 20q10 40 34 76H30q24-36 34-76l-8-20z', base) +
    path('M63 62h34l-1 10H64z', GOLD) +
    path('M64 74q-8 40-30 70h22q14-36 18-70z', light) +
    path('M92 74q4 40 16 72h20q-24-38-32-72z', dark),
  jacket: ({ base, dark, light }) =>
    path(
      'M60 28l-22 10q-14 26-18 70l18 6 8-36v58h68V78l8 36 18-6q-4-44-18-70l-22-10q-20 14-40 0z',
      base,
    ) +
    path('M60 28q20 14 40 0l6 8q-10 16-26 18-16-2-26-18z', dark) +
    path('M46 126h68v10H46z', dark) +
    line('M80 54v82', light, 4) +
    line('M56 96l10 16M104 96l-10 16', dark, 4) +
    dot(80, 62, 4, GOLD),
  puffer: ({ base, dark, light }) =>
    path(
      'M58 30q-26 4-32 30-10 30-4 54 12 6 20 0l4-30-2 50q36 8 72 0l-2-50 4 30q8 6 20 0 6-24-4-54-6-26-32-30-22 10-44 0z',
      base,
    ) +
    path('M56 30q4-14 24-14t24 14q0 14-24 14T56 30z', dark) +
    line(
      'M45 66q35 8 70 0M46 90q34 8 68 0M46 114q34 8 68 0M24 82q10 6 20 2M22 100q10 6 20 2M116 84q10 4 20-2M118 102q10 4 20-2',
      dark,
      3,
    ) +
    line('M80 44v94', light, 4),
  coat: ({ base, dark, light }) =>
    path('M60 20l-20 10q-12 30-14 76l16 4 6-40-6 72h76l-6-72 6 40 16-4q-2-46-14-76l-20-10z', base) +
    path('M60 20l20 50 20-50-8-4H68z', '#fbfaf7') +
    path('M60 20l-8 26 12 4-6 6 22 20zM100 20l8 26-12 4 6 6-22 20z', light) +
    box(46, 84, 68, 10, dark) +
    box(75, 82, 12, 14, GOLD, 2) +
    line('M80 96v44', dark, 3) +
    dot(70, 108, 3.5, dark) +
    dot(70, 124, 3.5, dark),
};
