import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

export const mice: Department = {
  category: 'Mice',
  products: 90,
  brands: list('Clickmore | Tessel | Keyhaven | Corvex | Logan Peak'),
  lines: list('Glide | Swift | Orb | Point | Arrow | Pebble | Viper | Track'),
  closes: list(
    'Works with Windows, macOS and Linux. | No driver needed. | A spare set of feet is in the box. | Three-year warranty.',
  ),
  kinds: [
    {
      drawing: 'mouse',
      share: 3,
      price: [12, 85],
      colours: list('black | white | grey | navy | rose | mint'),
      titles: list(
        '{brand} {Line} Wireless {Style} Mouse, {Colour} | {Colour} Cordless {Style} Mouse {brand} {Line}, {dpi} dpi',
      ),
      opens: list(
        'A wireless {style} mouse that runs for {months} months on one battery. | {style} cordless mouse, {link}, for desk and travel. | A small {colour} mouse with clicks so soft that nobody hears them.',
      ),
      adds: list(
        'Tracks on glass, wood and sofa cushions. | Fits left and right hands. | The wheel scrolls one line or a whole page. | Switches between three computers.',
      ),
      slots: {
        style: oneOf('silent | travel | office | Bluetooth'),
        link: oneOf('Bluetooth or USB dongle | 2.4 GHz'),
        dpi: oneOfNumbers(1000, 1600, 2400, 4000),
        months: range(6, 24, 3),
        rechargeable: yesOrNo(),
      },
      attributes: {
        Connection: 'wireless',
        Style: '{style}',
        DPI: '{dpi}',
        'Battery months': '{months}',
        Rechargeable: '{rechargeable}',
      },
      also: list('Computer accessories'),
    },
    {
      drawing: 'mouse',
      share: 2,
      price: [25, 160],
      colours: list('black | red | green | white | purple'),
      titles: list(
        '{brand} {Line} Gaming Mouse, {dpi} dpi, {buttons} Buttons, {Colour} | {Colour} {Link} Gaming Mouse {brand} {Line}, {grams} g',
      ),
      opens: list(
        'A {grams} g {link} gaming mouse with a {dpi} dpi sensor. | {link} gaming mouse with {buttons} programmable buttons and glowing edges. | A quick mouse for shooters and strategy games.',
      ),
      adds: list(
        'Switches rated for 80 million clicks. | Weights inside can be removed. | Profiles are stored on the mouse itself.',
      ),
      slots: {
        link: oneOf('wired | wireless'),
        dpi: oneOfNumbers(8000, 12000, 16000, 26000),
        buttons: range(5, 12),
        grams: range(55, 120, 5),
      },
      attributes: {
        Connection: '{link}',
        DPI: '{dpi}',
        Buttons: '{buttons}',
        'Weight g': '{grams}',
        Backlight: true,
      },
      also: list('Gaming | Computer accessories'),
    },
    {
      drawing: 'mouse',
      price: [22, 110],
      colours: list('grey | black | beige | teal'),
      titles: list(
        '{brand} {Line} Ergonomic {Style}, {Hand} Hand, {Colour} | {Style} {brand} {Line} for {Hand}-Handers, {Colour}',
      ),
      opens: list(
        'An ergonomic {style} for the {hand} hand that relaxes the wrist. | A {style} shaped like a handshake, to prevent strain. | Recommended by physiotherapists: a {hand}-handed {style}.',
      ),
      adds: list(
        'The thumb rest is rubber coated. | You get used to it in a day. | Helps with tennis elbow and RSI.',
      ),
      slots: {
        style: oneOf('vertical mouse | trackball'),
        hand: oneOf('left | right'),
        link: oneOf('wired | wireless'),
      },
      attributes: { Connection: '{link}', Type: '{style}', Hand: '{hand}', Ergonomic: true },
      also: list('Computer accessories'),
    },
  ],
};
