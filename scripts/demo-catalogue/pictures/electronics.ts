import {
  box,
  dot,
  INK,
  line,
  METAL,
  oval,
  PAPER,
  path,
  ring,
  SHADE,
  type Drawing,
} from './shapes.js';

/** Three rows of keys. */
function keys(fill: string): string {
  const row = (y: number, from: number): string => `M${from} ${y}h${144 - from}`;
  return `<path d="${row(70, 22)}${row(83, 22)}${row(96, 22)}" stroke="${fill}" stroke-width="9" stroke-dasharray="9 3.2"/>`;
}

export const electronics: Readonly<Record<string, Drawing>> = {
  laptop: ({ base, dark, light }) =>
    path('M30 34q0-8 8-8h84q8 0 8 8v70H30z', base) +
    box(37, 33, 86, 64, INK, 2) +
    path('M37 97l50-64h34q2 0 2 2v60q0 2-2 2z', '#4f7fb8') +
    path('M60 97l30-30 33 30z', '#f2c744') +
    dot(106, 50, 8, PAPER) +
    path('M12 104h136l-8 20q-2 4-6 4H26q-4 0-6-4z', light) +
    path('M15 113h130l-5 11q-2 4-6 4H26q-4 0-6-4z', dark) +
    box(66, 104, 28, 6, dark, 3),
  headphones: ({ base, dark, light }) =>
    line('M36 92q-6-66 44-66t44 66', dark, 11) +
    line('M44 56q10-24 36-24', light, 4) +
    box(26, 78, 26, 54, base, 13) +
    box(108, 78, 26, 54, base, 13) +
    box(44, 84, 14, 42, INK, 7) +
    box(102, 84, 14, 42, INK, 7) +
    line('M33 92v22M127 92v22', light, 4),
  earbuds: ({ base, dark, light }) =>
    box(32, 72, 96, 64, base, 26) +
    path('M32 92h96v18q0 26-26 26H58q-26 0-26-26z', dark) +
    line('M46 84q6-6 14-6', light, 4) +
    dot(80, 108, 4, PAPER) +
    line('M60 36v30M100 36v30', base, 11) +
    dot(56, 32, 15, base) +
    dot(104, 32, 15, base) +
    oval(47, 32, 6, 10, INK) +
    oval(113, 32, 6, 10, INK) +
    dot(60, 27, 4, light) +
    dot(100, 27, 4, light),
  mouse: ({ base, dark, light }) =>
    path('M42 70q0-46 38-46t38 46v28q0 40-38 40t-38-40z', base) +
    path('M80 24q38 0 38 46v6H80z', light) +
    path('M80 24q-38 0-38 46v6h38z', light) +
    path('M43 108q6 30 37 30t37-30q-14 16-37 16t-37-16z', dark) +
    line('M42 76h76M80 25v50', INK, 2) +
    box(74, 40, 12, 26, INK, 6) +
    box(77, 44, 6, 12, METAL, 3),
  keyboard: ({ base, dark, light }) =>
    box(10, 54, 140, 66, dark, 10) +
    box(10, 50, 140, 66, base, 10) +
    box(15, 60, 130, 54, dark, 5) +
    keys(light) +
    line('M24 108h10M44 108h66M122 108h14', light, 7) +
    box(22, 65.5, 9, 9, '#f0796a', 1),
  phone: ({ base, dark, light }) =>
    box(48, 14, 66, 132, dark, 12) +
    box(46, 14, 66, 132, base, 12) +
    box(51, 20, 56, 120, '#26456e', 8) +
    path('M51 96q28-24 56 4v32q0 8-8 8H59q-8 0-8-8z', light) +
    path('M51 116q24-20 56 2v14q0 8-8 8H59q-8 0-8-8z', '#f2c744') +
    box(68, 24, 22, 6, INK, 3) +
    line('M62 48h34M68 58h22', PAPER, 5),
  phonecase: ({ base, dark, light }) =>
    box(44, 14, 72, 132, dark, 16) +
    box(48, 18, 64, 124, base, 13) +
    box(54, 24, 30, 38, INK, 9) +
    ring(64, 35, 5, METAL, 3) +
    ring(64, 51, 5, METAL, 3) +
    dot(76, 43, 3, PAPER) +
    ring(80, 98, 18, light, 5) +
    line('M106 34v90', light, 3),
  smartwatch: ({ base, dark, light }) =>
    path('M58 12h44l4 40H54zM58 148h44l4-40H54z', base) +
    path('M88 12h14l4 40H92zM88 148h14l4-40H92z', dark) +
    box(42, 42, 76, 76, SHADE, 20) +
    box(47, 47, 66, 66, INK, 16) +
    ring(80, 80, 23, '#4c525b', 6) +
    line('M80 57a23 23 0 1 1-20 34', light, 6) +
    line('M68 80h7l4-9 5 18 4-9h5', '#f0796a', 3),
};
