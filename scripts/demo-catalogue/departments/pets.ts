import { list, oneOf, oneOfNumbers, range, yesOrNo, type Department } from '../kind.js';

const animal = oneOf('dogs | cats | rabbits');

export const pets: Department = {
  category: 'Pets',
  products: 70,
  brands: list('Waggery | Whisker & Paw | Burrow Bros | Tailor Made'),
  lines: list('Rover | Luna | Snug | Nibble | Scout | Biscuit'),
  closes: list(
    'Tested by our own animals. | Developed with vets. | Money back if your pet turns up its nose. | Made without artificial colours.',
  ),
  kinds: [
    {
      drawing: 'petbed',
      share: 2,
      price: [19, 130],
      colours: list('grey | beige | brown | teal | mustard'),
      titles: list(
        '{brand} {Line} Bed for {Animal}, {wide} cm, {Colour} | {Colour} {Style} for {Animal} {brand} {Line}, {wide} cm',
      ),
      opens: list(
        'A {style} of {wide} cm where {animal} sleep soundly. | A soft {colour} pet bed with a raised edge to lean on. | A warm {style} for older {animal} with stiff joints.',
      ),
      adds: list(
        'The cover unzips for the wash. | Does not slide on tiles. | Hair brushes off easily.',
      ),
      slots: {
        style: oneOf('plush basket | orthopaedic cushion | cosy cave'),
        wide: range(45, 110, 5),
        animal,
      },
      attributes: { Animal: '{animal}', Type: '{style}', 'Width cm': '{wide}', Washable: true },
    },
    {
      drawing: 'petbowl',
      price: [6, 45],
      colours: list('steel | red | sky blue | mint | cream'),
      titles: list(
        '{brand} {Line} {Style}, {ml} ml, {Colour} | {Colour} {Style} for {Animal} {brand} {Line}, {ml} ml',
      ),
      opens: list(
        'A {style} in {material} that holds {ml} ml. | A heavy {colour} {style} that cannot be tipped over. | A {style} for {animal} that eat too fast.',
      ),
      adds: list('The rubber ring keeps it in place. | Goes in the dishwasher. | Keeps ants away.'),
      slots: {
        style: oneOf('food bowl | water bowl | slow feeder | drinking fountain'),
        material: oneOf('ceramic | stainless steel | bamboo'),
        ml: oneOfNumbers(250, 400, 700, 1000, 1500),
        animal,
      },
      attributes: { Animal: '{animal}', Material: '{material}', 'Capacity ml': '{ml}' },
    },
    {
      drawing: 'petfood',
      share: 2,
      price: [4, 65],
      colours: list('red | green | orange | purple | navy'),
      hidesColour: true,
      titles: list(
        '{brand} {Line} {Form} for {Age} {Animal}, {Taste}, {kilos} kg | {Form} with {Taste} for {Animal} {brand} {Line} {kilos} kg',
      ),
      opens: list(
        'Complete {form} with {taste} for {age} {animal}. | A {kilos} kg bag of {form} that fussy {animal} like. | Balanced {form}, rich in {taste}, for a shiny coat.',
      ),
      adds: list(
        'Free of grain and sugar. | Small pieces clean the teeth. | Change over slowly within a week.',
      ),
      slots: {
        form: oneOf('dry food | treats | kibble'),
        taste: oneOf('chicken | salmon | lamb | duck and potato'),
        age: oneOf('young | adult | senior'),
        kilos: oneOfNumbers(0.4, 1, 2, 4, 10),
        animal: oneOf('dogs | cats'),
        grainFree: yesOrNo(),
      },
      attributes: {
        Animal: '{animal}',
        Age: '{age}',
        Flavour: '{taste}',
        'Weight kg': '{kilos}',
        'Grain free': '{grainFree}',
      },
      also: list('Pet food'),
    },
    {
      drawing: 'collar',
      price: [8, 40],
      colours: list('red | teal | cognac | navy | yellow'),
      titles: list(
        '{brand} {Line} {Style}, {Material}, {Colour} | {Colour} {Material} {Style} for Dogs {brand} {Line}',
      ),
      opens: list(
        'A {colour} {style} in {material} for daily walks. | A strong {style} for dogs that pull. | A {style} with reflective stitching for the dark months.',
      ),
      adds: list(
        'The buckle opens only when you want it to. | Fits necks of {neck} cm. | There is a ring for the name tag.',
      ),
      slots: {
        style: oneOf('dog collar | collar and lead set | training collar'),
        material: oneOf('leather | nylon | cork'),
        neck: range(24, 60, 4),
      },
      attributes: { Animal: 'dogs', Material: '{material}', 'Neck cm': '{neck}' },
    },
  ],
};
