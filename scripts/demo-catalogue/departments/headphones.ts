import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

export const headphones: Department = {
  category: 'Headphones',
  products: 130,
  brands: list('Auralis | Sonder Audio | Bassline | Murmur | Kalimba'),
  lines: list('One | Echo | Hush | Tone | Vibe | Aria | Solo | Stage | Wave'),
  closes: list(
    'Pairs with two devices at once. | A cable for the plane is in the box. | Comes with a travel case. | An app sets the equaliser. | Replaceable ear pads.',
  ),
  kinds: [
    {
      drawing: 'headphones',
      share: 3,
      price: [35, 420],
      colours: list('black | white | navy | silver | rose | forest green | sand'),
      titles: list(
        '{brand} {Line} {Style} Headphones, {Colour} | {brand} {Line} Over-Ear {Style} Headphones {Colour}, {hours} h | {Colour} {Style} Headphones {brand} {Line}',
      ),
      opens: list(
        '{style} over-ear headphones that play for {hours} hours on a charge. | Closed {style} headphones with soft {pads} ear cushions. | Warm, detailed sound in {colour}, {style}.',
      ),
      adds: list(
        'They hush the engine on a plane and the chatter in an open office. | The mics pick up your voice in wind. | Light enough at {grams} g to forget. | They fold flat into a bag.',
      ),
      slots: {
        style: oneOf('wireless | noise-cancelling | studio | hi-fi'),
        hours: range(20, 60, 5),
        pads: oneOf('leather | velour | memory foam'),
        grams: range(180, 340, 10),
      },
      attributes: {
        Type: 'over-ear',
        Style: '{style}',
        'Battery hours': '{hours}',
        'Weight g': '{grams}',
      },
      also: list('Audio'),
    },
    {
      drawing: 'earbuds',
      share: 3,
      price: [19, 260],
      colours: list('white | black | mint | lilac | coral | sky blue'),
      titles: list(
        '{brand} {Line} {Style} Earbuds, {Colour} | True Wireless {Style} Earphones {brand} {Line}, {Colour}',
      ),
      opens: list(
        'Tiny {style} earbuds with {hours} hours of play in the charging case. | {style} in-ear headphones with three sizes of silicone tips. | {colour} wireless earbuds that stay put when you run.',
      ),
      adds: list(
        'Sweat and rain do them no harm ({ip}). | Tap to skip a song or take a call. | Ten minutes of charging give two hours of music. | You can find a lost one from your phone.',
      ),
      slots: {
        style: oneOf('sports | noise-cancelling | everyday | sleep | open-ear'),
        hours: range(16, 40, 4),
        ip: oneOf('IPX4 | IPX5 | IPX7'),
        noise: yesOrNo(),
      },
      attributes: {
        Type: 'in-ear',
        Style: '{style}',
        'Battery hours': '{hours}',
        'Water resistance': '{ip}',
        'Noise cancelling': '{noise}',
      },
      also: list('Audio | Sports'),
    },
    {
      drawing: 'headphones',
      price: [39, 230],
      colours: list('red | black | blue | purple | yellow'),
      titles: list(
        '{brand} {Line} {Style} Headset, {Colour} | {Colour} {Style} Headset with Microphone {brand} {Line}',
      ),
      opens: list(
        'A {style} headset with a clear boom microphone. | {style} headset, {connection}, for long sessions. | Hear where footsteps come from with this {style} headset.',
      ),
      adds: list(
        'The microphone mutes when you flip it up. | Volume is limited to {decibels} dB. | Glasses fit under the soft cushions.',
      ),
      slots: {
        style: oneOf("gaming | office | kids' | call centre"),
        connection: oneOf('USB | wireless | with a plain jack'),
        decibels: oneOfNumbers(85, 94, 100),
      },
      attributes: {
        Type: 'headset',
        Style: '{style}',
        Connection: '{connection}',
        'Max volume dB': '{decibels}',
        Microphone: true,
      },
      also: list('Audio | Gaming'),
    },
  ],
};
