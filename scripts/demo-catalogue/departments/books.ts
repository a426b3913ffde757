import { list, oneOf, oneOfNumbers, range, someOf, yesOrNo, type Department } from '../kind.js';

const pages = range(96, 640, 8);
const year = range(1998, 2025);
const author = oneOf(
  'Mara Lindqvist | T. J. Okafor | Elena Brandt | Samuel Pryce | Aiko Morita | Rosa Delgado | Hamish Kerr | Priya Nair | Jonas Vell | Beatrix Cole',
);

export const books: Department = {
  category: 'Books',
  products: 150,
  brands: list('Larkspur Press | Quarto Lane | Inkwell House | Northlight Books | Paper Crane'),
  lines: list('Pocket | Classic | First Edition | Illustrated | Large Print'),
  closes: list(
    'Translated into twelve languages. | With a foreword to the new edition. | Printed on acid-free paper. | Also a good choice for a book club.',
  ),
  kinds: [
    {
      drawing: 'book',
      share: 3,
      price: [7, 28],
      colours: list('navy | burgundy | black | teal | forest green | purple'),
      titles: list(
        'The {Thing} of {Place} – {Author} | {Place} and the {Thing} – {Author} | The Last {Thing} in {Place} – {Author}',
      ),
      opens: list(
        'A {genre} novel in which a {thing} changes a whole town. | {author} tells a {mood} {genre} story set in {place}. | The {mood} {genre} novel that readers stayed up all night for.',
      ),
      adds: list(
        'Two sisters, one secret and a winter that will not end. | The detective has only three days. | For readers who like long train journeys and unreliable narrators. | Winner of a small but proud prize.',
      ),
      slots: {
        thing: oneOf('lighthouse | orchard | cartographer | clockmaker | letter | garden | piano'),
        place: oneOf('Varnholm | Saint Orla | the North | Tamarind Street | Glasswater | Lisbon'),
        genre: oneOf('crime | science fiction | romance | fantasy | historical | horror'),
        mood: oneOf('moving | gripping | funny | dark | tender'),
        binding: oneOf('hardcover | paperback'),
        author,
        pages,
        year,
      },
      attributes: {
        Author: '{author}',
        Genre: '{genre}',
        Pages: '{pages}',
        Binding: '{binding}',
        Year: '{year}',
        Language: 'English',
      },
      hidesColour: true,
      also: list('Fiction'),
    },
    {
      drawing: 'book',
      share: 2,
      price: [14, 45],
      colours: list('coral | mustard | mint | orange | red'),
      titles: list(
        '{Way} {Cuisine} Cooking – {Author} | {Cuisine} Kitchen: {recipes} {Way} Recipes – {Author}',
      ),
      opens: list(
        '{recipes} {way} recipes from {cuisine} kitchens, each with a photo. | A {cuisine} cookbook for people who come home late and hungry. | {way} dishes of the {cuisine} table, explained step by step.',
      ),
      adds: list(
        'Most dishes are ready in 30 minutes. | Has chapters on {topics}. | No ingredient you cannot find in a normal shop.',
      ),
      slots: {
        way: oneOf('simple | vegetarian | weeknight | slow | festive | vegan'),
        cuisine: oneOf('Italian | Japanese | Indian | Mexican | Nordic | Lebanese'),
        recipes: range(60, 180, 10),
        topics: someOf(2, 'soups | breads | sweets | pickles | one-pot dinners | breakfasts'),
        author,
        pages,
      },
      attributes: {
        Author: '{author}',
        Cuisine: '{cuisine}',
        Recipes: '{recipes}',
        Topics: '{topics}',
        Pages: '{pages}',
        Binding: 'hardcover',
      },
      hidesColour: true,
      also: list('Cookbooks'),
    },
    {
      drawing: 'book',
      share: 2,
      price: [6, 22],
      colours: list('yellow | sky blue | pink | green | lilac'),
      titles: list(
        '{Hero} and the {Adventure} – {Author} | {Hero} Goes to the {Adventure} – {Author}',
      ),
      opens: list(
        "A picture book about {hero} and a very big {adventure}. | A children's story to read aloud, with {hero} in the lead. | {hero} is small, brave and looking for the {adventure}.",
      ),
      adds: list(
        'For children from {age} years. | Bright watercolours on every page. | Short chapters for first readers. | Ends just right for falling asleep.',
      ),
      slots: {
        hero: oneOf(
          'Bramble the Badger | Little Fox | Captain Noodle | Princess Nova | Otto the Owl',
        ),
        adventure: oneOf(
          'Moon | Deep Blue Sea | Dragon School | Lost Mitten | Midnight Train | Dinosaur Park',
        ),
        age: oneOfNumbers(2, 3, 4, 5, 6, 8),
        hardback: yesOrNo(),
        author,
      },
      attributes: {
        Author: '{author}',
        'Age from': '{age}',
        Hardback: '{hardback}',
        Language: 'English',
      },
      hidesColour: true,
      also: list("Children's books | Kids"),
    },
    {
      drawing: 'book',
      share: 2,
      price: [12, 60],
      colours: list('white | grey | blue | charcoal | olive'),
      titles: list('{Subject}: {Angle} – {Author} | {Angle} of {Subject} – {Author}'),
      opens: list(
        'A clear introduction to {subject} for curious readers. | {author} explains {subject} without jargon. | Everything worth knowing about {subject}, from first steps to open questions.',
      ),
      adds: list(
        'With exercises and solutions. | Diagrams on every other page. | Useful for students and for people who teach themselves.',
      ),
      slots: {
        subject: oneOf(
          'astronomy | gardening | personal finance | programming | Roman history | photography | mindfulness | birdwatching',
        ),
        angle: oneOf('A Short History | The Essentials | A Field Guide | The Joy | The Art'),
        edition: range(1, 5),
        author,
        pages,
        year,
      },
      attributes: {
        Author: '{author}',
        Subject: '{subject}',
        Pages: '{pages}',
        Edition: '{edition}',
        Year: '{year}',
      },
      hidesColour: true,
      also: list('Non-fiction'),
    },
  ],
};
