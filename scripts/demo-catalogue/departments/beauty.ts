import { list, oneOf, oneOfNumbers, yesOrNo, type Department } from '../kind.js';

const skin = oneOf('dry | oily | sensitive | normal | mature');
const ml = oneOfNumbers(15, 30, 50, 75, 100, 200);

export const beauty: Department = {
  category: 'Beauty',
  products: 80,
  brands: list('Belle Marais | Dew & Moss | Sona | Apothecary Lane | Kind Kelp'),
  lines: list('Glow | Calm | Pure | Rosée | Silk | Botanic | Night | Fresh'),
  closes: list(
    'Not tested on animals. | Dermatologically tested. | Refills cost less. | Free of parabens and silicones. | Vegan.',
  ),
  kinds: [
    {
      drawing: 'cream',
      share: 3,
      price: [7, 75],
      colours: list('white | pink | mint | lilac | sand'),
      hidesColour: true,
      titles: list(
        '{brand} {Line} {Style} with {Active}, {ml} ml | {Active} {Style} {brand} {Line} for {Skin} Skin',
      ),
      opens: list(
        'A light {style} with {active} for {skin} skin. | This {style} sinks in fast and leaves no film. | A rich {style} with {active} that soothes {skin} skin.',
      ),
      adds: list(
        'Use it in the morning under make-up. | Redness fades after two weeks. | A pea-sized amount is enough. | Smells faintly of {scent}.',
      ),
      slots: {
        style: oneOf(
          'day cream | night cream | hand cream | sun cream SPF 50 | face mask | body lotion',
        ),
        active: oneOf('hyaluronic acid | aloe vera | shea butter | vitamin C | retinol'),
        scent: oneOf('almond | rose | green tea | nothing at all'),
        skin,
        ml,
      },
      attributes: {
        Type: '{style}',
        'Active ingredient': '{active}',
        'Skin type': '{skin}',
        'Volume ml': '{ml}',
      },
      also: list('Skincare'),
    },
    {
      drawing: 'lipstick',
      share: 2,
      price: [6, 36],
      colours: list('red | pink | coral | burgundy | rose | brown'),
      titles: list(
        '{brand} {Line} {Finish} Lipstick, {Colour} | {Colour} {Finish} Lip Colour {brand} {Line}',
      ),
      opens: list(
        'A {finish} lipstick in {colour} that stays through dinner. | A {colour} lip colour with a {finish} finish. | Creamy {finish} lipstick that cares for dry lips.',
      ),
      adds: list(
        'No smudges on cups and collars. | Build it up from sheer to bold. | The case clicks shut with a magnet.',
      ),
      slots: { finish: oneOf('matte | satin | glossy | sheer'), vegan: yesOrNo() },
      attributes: { Finish: '{finish}', Vegan: '{vegan}' },
      also: list('Make-up'),
    },
    {
      drawing: 'perfume',
      share: 2,
      price: [19, 160],
      colours: list('pink | mustard | sky blue | lilac | green'),
      hidesColour: true,
      titles: list(
        '{brand} {Line} {Style}, {Note}, {ml} ml | {Note} {Style} {brand} {Line} {ml} ml',
      ),
      opens: list(
        'A {mood} {style} that opens with {note}. | A {style} of {note} over warm cedar. | A {mood} scent for {moment}.',
      ),
      adds: list(
        'Lasts from breakfast to midnight. | Two sprays are plenty. | The bottle can be refilled in the shop.',
      ),
      slots: {
        style: oneOf('eau de parfum | eau de toilette | body mist'),
        note: oneOf('bergamot | jasmine | vanilla | sandalwood | orange blossom | sea salt'),
        mood: oneOf('fresh | floral | woody | sweet'),
        moment: oneOf('summer evenings | the office | a first date'),
        ml: oneOfNumbers(30, 50, 100),
      },
      attributes: {
        Type: '{style}',
        'Scent note': '{note}',
        Character: '{mood}',
        'Volume ml': '{ml}',
      },
      also: list('Fragrance | Gifts'),
    },
    {
      drawing: 'pump',
      share: 2,
      price: [4, 32],
      colours: list('teal | orange | mint | purple | white'),
      hidesColour: true,
      titles: list(
        '{brand} {Line} {Style} with {Scent}, {ml} ml | {Scent} {Style} {brand} {Line}, {ml} ml',
      ),
      opens: list(
        'A gentle {style} with {scent} for {hair}. | This {style} foams softly and rinses out clean. | A {style} that smells of {scent} and suits {hair}.',
      ),
      adds: list(
        'Leaves hair shiny and easy to comb. | Mild enough for children. | Calms an itchy scalp.',
      ),
      slots: {
        style: oneOf('shampoo | conditioner | shower gel | hand soap'),
        scent: oneOf('lavender | rosemary | coconut | citrus'),
        hair: oneOf('dry hair | fine hair | curly hair | every day'),
        ml: oneOfNumbers(200, 250, 300, 500),
      },
      attributes: { Type: '{style}', Scent: '{scent}', For: '{hair}', 'Volume ml': '{ml}' },
      also: list('Hair and bath'),
    },
  ],
};
