import type { ShopSearch } from './shop-search.js';

/**
 * General goods: "query; query | product; product" a line. The line's products are right for its queries, all
 * others are not. The starter encoder is checked with the same list (scripts/train-starter), never trained.
 */
const GOODS = `
jogging shoes; trainers for marathon | Nike Pegasus Women's Road Running Shoe; Asics Gel Contend Trainers; Brooks Ghost cushioned runners
shoes for walking in the alps; trekking footwear | Salomon Gore-Tex Trekking Boot; Merrell Moab trail walking shoes
heels for a wedding; party pumps | Stiletto Court Shoes in satin; Block heel evening sandal with ankle strap
dress for a summer party; floral frock | Floral Print Midi Dress; Sleeveless A-line sundress; Chiffon cocktail gown
warm winter jacket; parka | Quilted Down Puffer Coat; Fleece lined snow anorak
denim trousers; blue jeans | Levi's 501 Straight Denim; High waisted skinny jean
something to fry eggs in; non stick skillet | Tefal 28 cm Frying Pan; Cast Iron Skillet 10 inch
pot for soup; big cooking pot with lid | Stainless Steel Stockpot 8 L; Enamelled casserole with cover
knife for the kitchen; cut vegetables | Santoku Knife 18 cm; Acacia chopping board; Mandoline slicer
coffee cup; mugs | Stoneware Mug set of 4; Espresso cups with saucers
make espresso at home; coffee maker | Bean to Cup Espresso Machine; French Press 1 litre; Drip filter coffee brewer
clean the floor; hoover | Bagless cylinder vacuum; Microfibre spray mop; Robot floor sweeper
couch for the living room; settee | Three Seater Velvet Sofa; Corner chaise sectional
place to sleep; double bed | Oak King Size Bed Frame; Memory Foam Mattress 160x200
store my books; shelving | Ladder Bookshelf in walnut; Floating wall shelf
seat for the office; ergonomic chair | Mesh Desk Chair with lumbar support; Kneeling stool
light for reading in bed; bedside lamp | Adjustable Reading Light with clamp; Ceramic nightstand lamp
water the plants; irrigation | Expandable Garden Hose 30 m; Galvanised Watering Can; Lawn sprinkler
grill for the backyard; bbq | Charcoal Kettle Barbecue; Gas grill with three burners
cut the grass; lawnmower | Cordless Rotary Mower; Grass Trimmer with nylon line
hang a picture on the wall; nails and hammer | Claw Hammer with fibreglass shaft; Picture hooks assortment
drill holes in concrete; power drill | 18V Hammer Drill Driver; Masonry Bit Set
gift for a four year old; toy for children | Wooden Train Track; Stacking Rings; Plush Unicorn; Magnetic tiles playset
family evening game; games for four players | Strategy Board Game of settlers; Dice and Card Party Game; Dominoes
soft animal for cuddling; stuffed toy | Plush Unicorn; Teddy Bear 40 cm
pushchair for my baby; buggy | Lightweight Travel Stroller; Three wheel jogging pram
newborn nappies; diapers size 1 | Disposable Nappies 2-5 kg; Reusable cloth diapers
camping equipment; sleep outdoors | Dome Tent for 3 persons; Mummy Sleeping Bag; Self-inflating camping mat
lift weights at home; gym equipment | Adjustable Dumbbell pair; Kettlebell 12 kg; Resistance Bands
gym mat for pilates; yoga | Non-slip Yoga Mat 6 mm; Cork yoga block
bike for steep trails; mtb | Full Suspension Mountain Bike; Hardtail 29 inch bicycle
head protection for riding; cycling helmet | Road Cycle Helmet with vents; Kids BMX helmet
dry skin; moisturiser | Hydrating Face Lotion with aloe; Shea butter hand cream
smell nice; fragrance | Eau de Toilette for Men; Rose Perfume Spray
brush my teeth; dental care | Sonic Toothbrush; Whitening Toothpaste; Mint dental floss
something sweet; candy | Milk Chocolate Bar with hazelnuts; Fruit gummies; Caramel fudge
breakfast; porridge | Organic Rolled Oats; Crunchy Granola with nuts; Strawberry preserve
italian dinner; noodles | Durum Wheat Penne; Tomato Basil Sauce; Extra Virgin Olive Oil
tea to drink in the evening; herbal infusion | Chamomile Tea Bags; Peppermint loose leaf tea
food for my puppy; dog treats | Chicken Kibble for young dogs; Chewing Bones
kitten; cat accessories | Cat Scratching Tree; Clumping Litter; Feather wand for cats
timepiece; watch for men | Chronograph Wristwatch with steel band; Automatic Diver's Watch
present for my girlfriend; jewellery | Sterling Silver Necklace; Pearl Drop Earrings; Charm Bracelet
luggage for a flight; trolley case | Hard Shell Cabin Suitcase; Weekend Holdall
protect eyes from the sun; shades | Polarised Aviator Sunglasses; Wayfarer style sun glasses
keep warm in bed; covers | Goose Down Duvet; Weighted Blanket; Flannel sheets
after the shower; dry off | Egyptian Cotton Bath Towel; Terry Bathrobe
write by hand; stationery | Fountain Pen; Dotted Journal A5; Gel Ink Rollerballs
learn music; guitar | Classical Guitar with nylon strings; Electric Bass starter kit
headache; medicine cabinet | Ibuprofen Tablets; First Aid Box with plasters
it is raining; rainwear | Automatic Folding Umbrella; Waterproof Poncho
fiction to read on holiday; thriller | Crime Novel paperback; Bestselling Romance Book
`;

interface GeneralNeed {
  query: string;
  ids: ReadonlySet<string>;
}

/** The products by number, and what is asked for. */
export function generalGoods() {
  const rows = GOODS.trim()
    .split('\n')
    .map((line) => line.split(' | ').map((part) => part.split('; ')) as [string[], string[]]);
  const titles = [...new Set(rows.flatMap(([, products]) => products))];
  const lines = titles.map((title, at) =>
    JSON.stringify({ id: `g${at}`, title, category: 'Goods' }),
  );
  const needs: GeneralNeed[] = rows.flatMap(([queries, products]) => {
    const ids = new Set(products.map((title) => `g${titles.indexOf(title)}`));
    return queries.map((query) => ({ query, ids }));
  });
  return { lines, needs };
}

/** Mean average precision; what is not found at all counts as never found. */
export async function rankGeneral(search: ShopSearch, mode: 'hybrid' | 'keyword' | 'vector') {
  const { lines, needs } = generalGoods();
  const results: { query: string; precision: number }[] = [];
  for (const { query, ids } of needs) {
    const ranked = await search.rank(query, { mode, topK: lines.length });
    results.push({ query, precision: averagePrecision(ranked, ids) });
  }
  const mean = results.reduce((sum, { precision }) => sum + precision, 0) / results.length;
  return { mode, queries: results.length, MAP: mean, results };
}

/** The mean, over all that is right, of the precision down to it. */
export function averagePrecision(ranked: readonly string[], right: ReadonlySet<string>): number {
  let found = 0;
  let sum = 0;
  for (const [at, id] of ranked.entries()) {
    if (!right.has(id)) continue;
    found += 1;
    sum += found / (at + 1);
  }
  return sum / right.size;
}
