import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

const layout = oneOf('UK | US | German | French | Nordic');

export const keyboards: Department = {
  category: 'Keyboards',
  products: 70,
  brands: list('Clickmore | Tessel | Keyhaven | Corvex | Logan Peak'),
  lines: list('Type | Slate | Tactile | Script | Nova | Quill | Board | Cipher'),
  closes: list(
    'Works with Windows, macOS and Linux. | The feet fold out to two heights. | Detachable USB-C cable. | The legends will not wear off.',
  ),
  kinds: [
    {
      drawing: 'keyboard',
      share: 2,
      price: [59, 240],
      colours: list('black | white | navy | mint | pink | charcoal'),
      titles: list(
        '{brand} {Line} Mechanical Keyboard, {Switch} Switches, {Layout}, {Colour} | {Colour} {size} % Mechanical Keyboard {brand} {Line}, {Switch}',
      ),
      opens: list(
        'A mechanical keyboard with {feel} {switch} switches for people who type all day. | Compact {size} % keyboard with hot-swappable {switch} switches. | Solid {colour} keyboard with a {feel} touch and PBT caps.',
      ),
      adds: list(
        'Every key can be lit and reprogrammed. | Foam inside gives it a deep, quiet sound. | Gamers like the full n-key rollover.',
      ),
      slots: { size: oneOfNumbers(60, 65, 75, 80, 100), layout },
      variants: [
        { switch: 'brown', feel: 'tactile' },
        { switch: 'red', feel: 'smooth' },
        { switch: 'blue', feel: 'clicky' },
      ],
      attributes: {
        Type: 'mechanical',
        Switches: '{switch}',
        Layout: '{layout}',
        'Size %': '{size}',
        Backlight: true,
      },
      also: list('Computer accessories | Gaming'),
    },
    {
      drawing: 'keyboard',
      share: 2,
      price: [15, 120],
      colours: list('white | silver | grey | black | rose | sky blue'),
      titles: list(
        '{brand} {Line} Wireless {Style} Keyboard, {Layout}, {Colour} | {Colour} Bluetooth {Style} Keyboard {brand} {Line}, {Layout}',
      ),
      opens: list(
        'A slim wireless {style} keyboard with quiet keys. | {style} keyboard for tablet, phone and computer, {months} months on a charge. | A flat {colour} keyboard that fits in a rucksack.',
      ),
      adds: list(
        'Spills run off through drain holes. | A number pad is included for spreadsheets. | The split shape keeps wrists straight.',
      ),
      slots: {
        style: oneOf('compact | full-size | ergonomic split | folding'),
        months: range(2, 24, 2),
        solar: yesOrNo(),
        layout,
      },
      attributes: {
        Type: 'membrane',
        Style: '{style}',
        Layout: '{layout}',
        Connection: 'Bluetooth',
        'Battery months': '{months}',
        Solar: '{solar}',
      },
      also: list('Computer accessories'),
    },
  ],
};
