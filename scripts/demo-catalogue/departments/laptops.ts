import { list, oneOf, oneOfNumbers, range, someOf, yesOrNo, type Department } from '../kind.js';

const ports = someOf(3, 'USB-C | USB-A | HDMI | Thunderbolt | headphone jack | SD card | Ethernet');
const processor = oneOf('Quanta 5 | Quanta 7 | Quanta 9 | Helix R5 | Helix R7');

export const laptops: Department = {
  category: 'Laptops',
  products: 120,
  brands: list('Aventis | Lumora | Corvex | Nimbus | Tessel'),
  lines: list('Air | Pro | Book | Flex | Studio | Go | Zen | Titan'),
  closes: list(
    'Two-year warranty. | Ships with a {colour} sleeve. | The battery can be replaced at home. | Set up in five minutes. | Made of half recycled aluminium.',
  ),
  kinds: [
    {
      drawing: 'laptop',
      share: 3,
      price: [549, 1800],
      colours: list('silver | grey | navy | rose | gold'),
      titles: list(
        '{brand} {Line} {inches}" Ultrabook, {memory} GB, {storage} GB SSD, {Colour} | {brand} {Line} {inches} Inch Laptop, {processor}, {memory} GB RAM',
      ),
      opens: list(
        'A thin and light {inches} inch laptop that weighs {kilos} kg. | {inches} inch ultrabook with a {processor} processor for work on the road. | A quiet laptop for office, study and films in bed.',
      ),
      adds: list(
        'The battery lasts {hours} hours. | The fingerprint reader logs you in at a touch. | {memory} GB of memory keep many browser tabs open. | The webcam has a privacy shutter.',
      ),
      slots: {
        inches: oneOfNumbers(13.3, 14, 15.6),
        memory: oneOfNumbers(8, 16, 32),
        storage: oneOfNumbers(256, 512, 1024),
        kilos: range(0.9, 1.6, 0.1),
        hours: range(8, 20),
        processor,
        ports,
      },
      attributes: {
        'Screen size': '{inches}',
        'Memory GB': '{memory}',
        'Storage GB': '{storage}',
        Processor: '{processor}',
        'Weight kg': '{kilos}',
        'Battery hours': '{hours}',
        Ports: '{ports}',
      },
      also: list('Computers'),
    },
    {
      drawing: 'laptop',
      share: 2,
      price: [899, 3400],
      colours: list('black | charcoal | red'),
      titles: list(
        '{brand} {Line} {inches}" Gaming Laptop, {graphics}, {hertz} Hz | Gaming Notebook {brand} {Line}, {processor}, {graphics}, {memory} GB',
      ),
      opens: list(
        'A gaming laptop with {graphics} graphics and a {hertz} Hz screen. | Plays new games at high settings: {processor}, {memory} GB of memory and fast {graphics} graphics. | A powerful {inches} inch notebook for games, video editing and 3D.',
      ),
      adds: list(
        'Two fans keep it cool under load. | The keyboard glows in any colour. | Enough speed for streaming while you play. | Connects to three monitors.',
      ),
      slots: {
        inches: oneOfNumbers(15.6, 16, 17.3),
        graphics: oneOf('Vega X40 | Vega X60 | Vega X80'),
        hertz: oneOfNumbers(120, 144, 165, 240),
        memory: oneOfNumbers(16, 32, 64),
        processor,
        ports,
        kilos: range(2, 3.2, 0.1),
      },
      attributes: {
        'Screen size': '{inches}',
        Graphics: '{graphics}',
        'Refresh rate Hz': '{hertz}',
        'Memory GB': '{memory}',
        Processor: '{processor}',
        'Weight kg': '{kilos}',
        Ports: '{ports}',
      },
      also: list('Computers | Gaming'),
    },
    {
      drawing: 'laptop',
      share: 2,
      price: [229, 620],
      colours: list('white | sky blue | mint | lilac | grey'),
      titles: list(
        '{brand} {Line} {inches}" Student Laptop, {storage} GB, {Colour} | {Colour} {brand} {Line} Convertible {inches}", {memory} GB',
      ),
      opens: list(
        'An affordable laptop for school and university. | A {inches} inch convertible: fold the screen back and it is a tablet. | A simple notebook for homework, video calls and recipes.',
      ),
      adds: list(
        'The keyboard shrugs off a spilled drink. | The touch screen works with a pen for notes. | Rugged corners survive a school bag.',
      ),
      slots: {
        inches: oneOfNumbers(11.6, 13.3, 14),
        memory: oneOfNumbers(4, 8),
        storage: oneOfNumbers(64, 128, 256),
        touch: yesOrNo(),
        hours: range(8, 14),
      },
      attributes: {
        'Screen size': '{inches}',
        'Memory GB': '{memory}',
        'Storage GB': '{storage}',
        'Touch screen': '{touch}',
        'Battery hours': '{hours}',
      },
      also: list('Computers'),
    },
  ],
};
