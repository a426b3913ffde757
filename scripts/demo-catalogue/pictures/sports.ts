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
  turned,
  type Drawing,
} from './shapes.js';

export const sports: Readonly<Record<string, Drawing>> = {
  ball: ({ base, dark, light }) =>
    oval(80, 138, 40, 5, dark) +
    dot(80, 80, 54, base) +
    path('M118 42a54 54 0 0 1-76 76q60 6 76-76z', dark) +
    line('M80 26v108M26 80h108M42 42q28 38 0 76M118 42q-28 38 0 76', INK, 3.5) +
    line('M50 50q8-10 18-13', light, 5),
  dumbbell: ({ base, dark, light }) =>
    turned(
      -24,
      box(52, 73, 56, 14, METAL, 4) +
        line('M66 74v12M74 74v12M82 74v12M90 74v12', '#9aa1a9', 3) +
        box(30, 46, 24, 68, base, 7) +
        box(106, 46, 24, 68, base, 7) +
        box(16, 56, 14, 48, dark, 5) +
        box(130, 56, 14, 48, dark, 5) +
        line('M38 56v44M114 56v44', light, 4),
    ),
  bicycle: ({ base, dark, light }) =>
    ring(40, 98, 30, INK, 5) +
    ring(120, 98, 30, INK, 5) +
    ring(40, 98, 26, METAL, 1.5) +
    ring(120, 98, 26, METAL, 1.5) +
    line('M40 98l22-42h46L76 98zM62 56l14 42', base, 6) +
    line('M120 98l-16-58', dark, 6) +
    line('M104 40h14q8 2 6 10', INK, 5) +
    line('M62 56l-4-12', dark, 5) +
    line('M48 43h20', INK, 8) +
    dot(76, 98, 8, light) +
    line('M76 98l6 14M78 113h10', INK, 4),
  racket: ({ base, dark, light }) =>
    turned(
      32,
      `<ellipse cx="80" cy="52" rx="34" ry="42" fill="${PAPER}" stroke="${base}" stroke-width="8"/>` +
        line('M62 22v60M74 14v76M86 14v76M98 22v60M50 40h60M48 54h64M52 68h56', METAL, 1.5) +
        path('M62 88l18 26 18-26-6 0q-12 8-24 0z', dark) +
        box(74, 104, 12, 48, INK, 4) +
        line('M75 118l10 5M75 130l10 5M75 142l10 5', light, 2),
    ) + dot(126, 124, 13, '#cfe04e'),
  mat: ({ base, dark, light }) =>
    path('M44 92h104l-14 40H30z', base) +
    path('M42 124h95l-3 8H30z', dark) +
    line('M66 102h68M62 114h68', light, 3) +
    box(20, 66, 112, 38, base, 19) +
    oval(126, 85, 15, 19, dark) +
    `<ellipse cx="126" cy="85" rx="8" ry="11" fill="none" stroke="${light}" stroke-width="3"/>` +
    box(44, 66, 9, 38, INK) +
    box(92, 66, 9, 38, INK),
};
