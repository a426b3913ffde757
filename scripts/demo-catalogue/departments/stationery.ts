import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

export const stationery: Department = {
  category: 'Stationery',
  products: 40,
  brands: list('Paper Crane | Inkling | Margin & Co'),
  lines: list('Daily | Scribe | Studio | Pocket | Letter | Campus'),
  closes: list(
    'The paper is made from recycled fibres. | A small present that is used every day. | Made in a family workshop. | For left-handers too.',
  ),
  kinds: [
    {
      drawing: 'notebook',
      share: 2,
      price: [4, 30],
      colours: list('navy | coral | mustard | mint | black | lilac'),
      titles: list(
        '{brand} {Line} {Format} {Style}, {Ruling}, {Colour} | {Colour} {Ruling} {Style} {brand} {Line} {Format}',
      ),
      opens: list(
        'An {format} {style} with {pages} {ruling} pages. | A {colour} {style} that lies flat when open. | A {style} for lists, sketches and lectures.',
      ),
      adds: list(
        'The ink does not show through. | Has a ribbon and a pocket at the back. | Pages tear out cleanly.',
      ),
      slots: {
        style: oneOf('notebook | diary | sketchbook | planner'),
        format: oneOf('A4 | A5 | A6'),
        ruling: oneOf('dotted | lined | blank | squared'),
        pages: range(80, 240, 16),
      },
      attributes: { Format: '{format}', Ruling: '{ruling}', Pages: '{pages}' },
    },
    {
      drawing: 'pen',
      share: 2,
      price: [2, 60],
      colours: list('blue | black | red | teal | gold | burgundy'),
      titles: list(
        '{brand} {Line} {Style}, {tip} mm, {Colour} | {Colour} {Style} {brand} {Line}, {tip} mm',
      ),
      opens: list(
        'A {style} with a {tip} mm tip that glides over paper. | A {colour} {style} that rests well in the hand. | A smooth {style} for letters, exams and signatures.',
      ),
      adds: list(
        'It can be refilled. | Dries in a second, so nothing smears. | Comes in a slim box.',
      ),
      slots: {
        style: oneOf('fountain pen | ballpoint pen | gel pen | fineliner'),
        tip: oneOfNumbers(0.3, 0.5, 0.7, 1),
        refillable: yesOrNo(),
      },
      attributes: { Type: '{style}', 'Tip mm': '{tip}', Refillable: '{refillable}' },
    },
    {
      drawing: 'pencils',
      price: [3, 45],
      colours: list('orange | teal | purple | yellow'),
      hidesColour: true,
      titles: list('{brand} {Line} {Style}, Set of {count} | {count} {Style} {brand} {Line}'),
      opens: list(
        'A set of {count} {style} in bright, even colours. | {count} {style} for drawing, school and colouring books. | These {style} blend well and hardly break.',
      ),
      adds: list(
        'Water turns the strokes into paint. | Washes out of clothes. | A sharpener is in the tin.',
      ),
      slots: {
        style: oneOf('coloured pencils | felt-tip pens | watercolour pencils | wax crayons'),
        count: oneOfNumbers(6, 12, 18, 24, 36, 48),
      },
      attributes: { Type: '{style}', Count: '{count}' },
      also: list('Art supplies | Kids'),
    },
  ],
};
