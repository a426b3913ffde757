import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

const millimetres = oneOfNumbers(28, 32, 36, 38, 40, 42, 44);

export const watches: Department = {
  category: 'Watches',
  products: 90,
  brands: list('Meridian | Halden Time | Ostara | Tickwood | Calder & Voss'),
  lines: list('Regent | Diver | Minute | Aviator | Lune | Pulse | Tide | Register'),
  closes: list(
    'Comes in a gift box. | The strap changes without tools. | Two-year guarantee. | Resizing is free in the shop.',
  ),
  kinds: [
    {
      drawing: 'watch',
      share: 3,
      price: [49, 680],
      colours: list('cognac | black | silver | navy | brown | gold | burgundy'),
      titles: list(
        '{brand} {Line} {Movement} Watch, {millimetres} mm, {Colour} | {Wearer} {Movement} Wristwatch {brand} {Line} with {Strap} Strap, {Colour}',
      ),
      opens: list(
        'A {movement} wristwatch with a {strap} strap and a {millimetres} mm case. | A classic {wearer} watch in {colour}, slim enough for a shirt cuff. | {movement} watch with sapphire glass and a date window.',
      ),
      adds: list(
        'Water resistant to {depth} m. | The hands glow in the dark. | You can see the movement through the back. | An heirloom to give at a graduation.',
      ),
      slots: {
        movement: oneOf('automatic | quartz | solar | hand-wound'),
        strap: oneOf('leather | steel | mesh | canvas'),
        wearer: oneOf("women's | men's | unisex"),
        depth: oneOfNumbers(30, 50, 100, 200),
        millimetres,
      },
      attributes: {
        Movement: '{movement}',
        Strap: '{strap}',
        'Case mm': '{millimetres}',
        'Water resistant m': '{depth}',
        Wearer: '{wearer}',
      },
      also: list('Gifts'),
    },
    {
      drawing: 'smartwatch',
      share: 2,
      price: [39, 420],
      colours: list('black | white | coral | mint | sky blue | grey'),
      titles: list(
        '{brand} {Line} Smartwatch, {Feature}, {Colour} | {Colour} Fitness Watch {brand} {Line} with {Feature}',
      ),
      opens: list(
        'A smartwatch that counts steps, sleep and heartbeats. | Fitness watch with {feature} and {days} days of battery. | {colour} sports watch for runners, swimmers and cyclists.',
      ),
      adds: list(
        'Shows messages and lets you answer calls. | Pay with it at the till. | The screen can be read in bright sun. | Reminds you to stand up now and then.',
      ),
      slots: {
        feature: oneOf('GPS | heart rate monitor | blood oxygen sensor | music storage'),
        days: range(2, 21),
        swimproof: yesOrNo(),
        millimetres,
      },
      attributes: {
        Feature: '{feature}',
        'Battery days': '{days}',
        Swimproof: '{swimproof}',
        'Case mm': '{millimetres}',
      },
      also: list('Sports | Wearables'),
    },
  ],
};
