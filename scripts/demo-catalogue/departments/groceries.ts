import { list, oneOf, oneOfNumbers, yesOrNo, type Department } from '../kind.js';
import { staples } from './groceries-staples.js';

const grams = oneOfNumbers(100, 200, 250, 400, 500, 1000);

export const groceries: Department = {
  category: 'Groceries',
  products: 260,
  brands: list(
    'Old Mill Pantry | Casa Fiora | Brightleaf | Farrow Farm | Tidewater | Sunday Table | Kettlewell',
  ),
  lines: list('Organic | Reserve | Everyday | Farmhouse | Harvest | Original | Fair | Gold'),
  closes: list(
    'Store in a cool, dry place. | A regular on our own table. | Fairly traded. | Nothing artificial in it. | Keeps for a year unopened. | The packaging is plastic-free.',
  ),
  kinds: [
    {
      drawing: 'coffee',
      share: 3,
      price: [5, 28],
      colours: list('brown | red | black | green | mustard | navy'),
      titles: list(
        '{brand} {Line} {Origin} Coffee, {Grind}, {grams} g | {Origin} {Roast} Roast Coffee {brand} {grams} g | {brand} {Roast} Roast {Grind} from {Origin}',
      ),
      opens: list(
        '{roast} roast coffee from {origin} with notes of {notes}. | {grind} for espresso, filter or a moka pot. | Small-batch coffee grown in {origin}, tasting of {notes}.',
      ),
      adds: list(
        'Smooth with milk and not bitter when black. | Roasted weekly. | Also good for cold brew. | {caffeine}, so mind the hour.',
      ),
      slots: {
        origin: oneOf('Ethiopia | Colombia | Guatemala | Brazil | Kenya | Sumatra'),
        roast: oneOf('light | medium | dark'),
        grind: oneOf('whole beans | ground coffee | capsules'),
        notes: oneOf(
          'chocolate and hazelnut | berries and jasmine | caramel | citrus and honey | dried fig',
        ),
        caffeine: oneOf('strong | fully caffeinated'),
        grams,
      },
      attributes: { Origin: '{origin}', Roast: '{roast}', Form: '{grind}', 'Weight g': '{grams}' },
      hidesColour: true,
      also: list('Drinks | Coffee'),
    },
    {
      drawing: 'tea',
      share: 2,
      price: [3, 18],
      colours: list('green | mint | red | yellow | lilac | teal'),
      titles: list(
        '{brand} {Line} {Tea}, {bags} Bags | {Tea} {brand} {Line}, Loose Leaf {grams} g',
      ),
      opens: list(
        '{tea} with a clean, fragrant taste. | A soothing cup of {tea} for quiet evenings. | Hand-picked {tea} in a pretty box.',
      ),
      adds: list(
        'Steep for {minutes} minutes. | Free of caffeine when you pick a herbal one. | Nice iced with a slice of lemon. | Helps to unwind before bed.',
      ),
      slots: {
        tea: oneOf(
          'Earl Grey | green tea | camomile tea | peppermint tea | rooibos | breakfast tea | ginger and lemon tea',
        ),
        bags: oneOfNumbers(20, 40, 50, 80),
        minutes: oneOfNumbers(2, 3, 5, 8),
        grams,
        organic: yesOrNo(),
      },
      attributes: { Tea: '{tea}', 'Weight g': '{grams}', Organic: '{organic}' },
      hidesColour: true,
      also: list('Drinks | Tea'),
    },
    {
      drawing: 'jar',
      share: 4,
      price: [2, 14],
      colours: list('red | mustard | orange | purple | brown | green'),
      titles: list(
        '{brand} {Line} {Spread}, {grams} g | {Spread} by {brand}, {Line}, {grams} g Jar',
      ),
      opens: list(
        '{spread} made in small kettles from a short list of ingredients. | A jar of {spread} for {use}. | Rich {spread} that tastes home-made.',
      ),
      adds: list(
        'Stir well, as the oil may rise. | Good on toast and even better from the spoon. | The empty jar is worth keeping. | Free of palm oil.',
      ),
      slots: {
        grams: oneOfNumbers(180, 250, 340, 450, 500),
        organic: yesOrNo(),
        glutenFree: yesOrNo(),
      },
      variants: [
        { spread: 'strawberry jam', use: 'scones and porridge', colour: 'red' },
        { spread: 'wildflower honey', use: 'tea and yoghurt', colour: 'mustard' },
        { spread: 'peanut butter', use: 'sandwiches and satay sauce', colour: 'brown' },
        { spread: 'tomato and basil sauce', use: 'pasta and pizza', colour: 'red' },
        { spread: 'orange marmalade', use: 'the breakfast table', colour: 'orange' },
        { spread: 'green pesto', use: 'pasta and potatoes', colour: 'green' },
        { spread: 'blackcurrant jelly', use: 'cakes and game dishes', colour: 'purple' },
        { spread: 'mango chutney', use: 'curries and cheese boards', colour: 'mustard' },
        { spread: 'pickled gherkins', use: 'burgers and cold platters', colour: 'green' },
      ],
      attributes: { 'Weight g': '{grams}', Organic: '{organic}', 'Gluten free': '{glutenFree}' },
      hidesColour: true,
      also: list('Spreads and sauces'),
    },
    ...staples,
  ],
};
