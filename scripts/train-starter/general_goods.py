"""General goods to train on beside electronics: a small seeded catalogue, written for this project.

Each line of GOODS is a category, then "thing: what it is for" entries. Titles vary by colour, material,
person and size, so that the words a shopper adds to a thing are seen with many things.
"""

GOODS = """
Shoes | sneakers: trainers, casual sports shoes for every day; running shoes: cushioned footwear for joggers; hiking boots: sturdy waterproof boots for trails and mountains; sandals: open summer shoes for the beach; high heels: elegant pumps for evenings; slippers: soft warm shoes for the house; loafers: leather slip-on shoes for the office; rain boots: rubber wellingtons for wet weather; ballet flats: flat comfortable ladies shoes; football boots: studded cleats for soccer; flip flops: light thongs for the pool; ankle boots: short leather boots for autumn
Women's Clothing | summer dress: light cotton frock with flowers; evening gown: long formal dress for a party; blouse: elegant top with buttons; skirt: pleated knee length skirt; leggings: stretch tights for yoga; cardigan: knitted jacket with buttons; trench coat: classic belted raincoat; maxi dress: long flowing dress; jumpsuit: one piece outfit; bikini: two piece swimsuit for the beach; nightgown: sleepwear for the night; tights: sheer nylon hosiery
Men's Clothing | t-shirt: basic cotton tee with short sleeves; dress shirt: formal shirt with collar for the office; jeans: denim trousers in slim fit; chinos: casual cotton pants; hoodie: sweatshirt with a hood and pocket; suit jacket: tailored blazer for business; winter coat: warm parka with down lining; sweater: woollen pullover jumper; shorts: knee length pants for summer; polo shirt: sporty shirt with collar; boxer shorts: cotton underwear; pyjamas: pajama set to sleep in
Accessories | leather belt: waist strap with metal buckle; wool scarf: knitted neck wrap for winter; beanie: warm knitted hat; baseball cap: hat with a visor against the sun; gloves: mittens that keep hands warm; sunglasses: shades that protect eyes from sun; wallet: purse for cards and cash; handbag: ladies shoulder bag; umbrella: folding shelter from rain; silk tie: necktie for a suit; socks: cotton hosiery for feet; tote bag: canvas shopping bag
Jewellery & Watches | necklace: pendant on a silver chain; earrings: pearl studs for the ears; bracelet: gold bangle for the wrist; engagement ring: diamond band; wristwatch: analog watch with leather strap; brooch: decorative pin; cufflinks: buttons for shirt cuffs; diving watch: waterproof timepiece; anklet: chain for the ankle; jewelry box: case that stores rings and chains
Cookware | frying pan: non-stick skillet to fry eggs and meat; saucepan: pot with a lid for sauces; stock pot: large pot for soup and pasta; wok: deep asian pan for stir fry; casserole: cast iron dutch oven for stews; baking tray: oven sheet for cookies; cake tin: springform mould for baking; pressure cooker: cooks beans and meat fast; grill pan: ridged pan for steaks; roasting tin: tray for chicken in the oven; steamer: basket for vegetables; kettle: boils water for tea
Kitchen Tools | chef knife: sharp blade that cuts meat and vegetables; cutting board: wooden chopping board; whisk: beats eggs and cream; rolling pin: rolls dough for pastry; peeler: removes skin of potatoes; can opener: opens tins; colander: sieve that drains pasta; measuring cups: set for flour and sugar; corkscrew: opens wine bottles; spatula: turner for pancakes; grater: shreds cheese; scissors: shears for herbs; garlic press: crushes cloves; mixing bowl: dish to stir batter
Tableware | dinner plates: porcelain dishes for eight; coffee mug: ceramic cup for hot drinks; wine glasses: crystal stemware; cutlery set: forks, knives and spoons; teapot: pot that brews tea; cereal bowl: dish for breakfast and soup; water jug: glass pitcher; tablecloth: linen cover for a table; napkins: paper serviettes; salad bowl: large serving dish; champagne flutes: tall glasses; tray: board that carries food
Home Appliances | vacuum cleaner: hoover that cleans carpets and floors; washing machine: laundry washer; refrigerator: fridge freezer that keeps food cold; dishwasher: cleans plates; coffee machine: espresso maker with milk frother; toaster: browns slices of bread; blender: mixes smoothies; microwave: heats meals; iron: presses shirts; hair dryer: blows hair dry; fan: cools the room in summer; heater: warms the room in winter; food processor: chops and kneads; juicer: squeezes oranges
Furniture | sofa: couch with three seats for the living room; armchair: comfortable upholstered seat; dining table: wooden table for six; bookcase: shelves for books; wardrobe: closet for clothes; bed frame: double bed for the bedroom; mattress: foam bed pad to sleep on; nightstand: bedside table with drawer; desk: writing table for work; office chair: swivel seat with wheels; coffee table: low table in front of a couch; chest of drawers: dresser for linen; stool: bar seat; bench: seat for the hall
Home Decor | table lamp: light for bedside reading; curtains: drapes for windows; cushion: throw pillow for the couch; rug: carpet for the floor; picture frame: holds photos on the wall; scented candle: wax light with vanilla smell; vase: glass holder for flowers; wall clock: shows time; mirror: looking glass for the bathroom; artificial plant: green decoration; string lights: fairy lights for a party; poster: wall art print
Bedding & Bath | duvet cover: bedding set for a quilt; pillow: head cushion filled with feathers; bath towel: soft terry cloth that dries the body; bed sheets: fitted cotton linen; blanket: fleece throw that keeps warm; shower curtain: keeps water in the tub; bathrobe: terry dressing gown; bath mat: non-slip rug; laundry basket: hamper for dirty clothes; soap dispenser: pump for hand wash; toilet brush: cleans the bowl; quilt: padded comforter
Garden | garden hose: pipe for watering plants; lawn mower: cuts grass; flower pot: planter for herbs; garden shears: pruner for roses and hedges; wheelbarrow: cart that carries soil; watering can: pours water on flowers; tomato seeds: vegetables to sow; parasol: sun shade for the patio; barbecue: charcoal grill for sausages; garden chairs: outdoor seats; rake: gathers leaves; shovel: spade that digs earth; greenhouse: glass house for plants; bird feeder: seeds for wild birds
Tools & DIY | cordless drill: makes holes with battery power; hammer: drives nails in wood; screwdriver set: turns screws; hand saw: cuts timber; tape measure: measures length; spirit level: checks horizontal; pliers: grips wire; wrench: spanner that tightens nuts; wall paint: white emulsion for walls; paint brush: applies varnish; ladder: steps to climb; sandpaper: smooths surfaces; toolbox: chest for tools; door lock: secures with keys
Toys & Games | building blocks: bricks for construction; teddy bear: soft plush animal to cuddle; doll: baby girl figure with clothes; board game: family game with dice; jigsaw puzzle: 1000 pieces picture; toy car: small vehicle for children; train set: wooden railway; playing cards: deck for poker; dollhouse: miniature home; kite: flies in wind; chess set: board with kings and pawns; modelling clay: dough to shape; action figure: superhero; remote control car: fast racing vehicle
Baby | stroller: pram that carries an infant; diapers: nappies for newborns; baby bottle: feeds milk; car seat: child safety seat; crib: cot where a baby sleeps; pacifier: dummy that soothes; bib: keeps clothes clean at meals; high chair: toddler seat for eating; baby monitor: listens to the nursery; onesie: bodysuit for infants; rattle: toy that makes noise; changing mat: pad for nappies
Sports & Outdoors | tent: camping shelter for four; sleeping bag: warm bag for nights outdoors; backpack: rucksack for hiking; yoga mat: exercise pad; dumbbells: weights for strength training; football: soccer ball; tennis racket: hits balls on court; swimming goggles: glasses for the pool; ski helmet: protects the head on snow; fishing rod: catches trout; skipping rope: jump rope for fitness; water bottle: flask for drinks on the go; climbing rope: secures on rock; golf clubs: irons and drivers; basketball: ball for hoops
Cycling | mountain bike: bicycle for rough trails; bike helmet: protects a cyclist's head; bicycle lock: chain against theft; bike light: front and rear lamp; bicycle pump: fills tyres with air; children's bike: first bicycle with training wheels; saddle: seat of a bicycle; inner tube: repairs a flat tire; cycling jersey: shirt for riders; electric scooter: rides in the city
Beauty & Care | shampoo: washes hair; face cream: moisturizer for dry skin; lipstick: red colour for lips; perfume: fragrance eau de parfum; razor: shaves beard; toothbrush: cleans teeth; sunscreen: lotion that protects skin from sun; nail polish: colour for fingernails; mascara: lashes makeup; shower gel: body wash; deodorant: against sweat; hand soap: cleans hands; hairbrush: combs hair; body lotion: softens skin
Food & Drink | ground coffee: roasted arabica beans; green tea: leaves for infusion; dark chocolate: cocoa bar sweet; olive oil: for salad and cooking; pasta: spaghetti from durum wheat; honey: sweet spread from bees; red wine: dry bottle from grapes; muesli: oat breakfast cereal; strawberry jam: fruit preserve; rice: long grain basmati; biscuits: butter cookies; orange juice: fruit drink; cheese: cheddar dairy; peanuts: salted nuts snack; spices: pepper and paprika seasoning
Pets | dog food: dry kibble for adult dogs; cat litter: sand for a cat's toilet; dog leash: lead to walk a puppy; scratching post: where cats sharpen claws; aquarium: fish tank; bird cage: home for parrots; dog bed: basket for pets; cat toy: mouse for kittens; hamster wheel: rodent exercise; collar: band for a dog's neck; pet carrier: box to travel with a cat; fish food: flakes for goldfish
Books & Stationery | novel: paperback fiction story; cookbook: recipes for dinner; notebook: lined paper to write in; ballpoint pen: blue ink writer; pencils: set to draw and sketch; children's book: picture story for bedtime; calendar: wall planner of the year; crayons: colours for kids; greeting card: happy birthday; travel guide: maps of cities; watercolours: paints for artists; scissors: cuts paper; glue stick: sticks paper; diary: journal with dates
Musical Instruments | acoustic guitar: six strings wooden; keyboard piano: digital with 88 keys; violin: bow and strings; drum kit: cymbals and snare; flute: woodwind; ukulele: small four strings; trumpet: brass horn; harmonica: mouth organ; guitar strings: spare set; music stand: holds sheet notes
Health | first aid kit: bandages and plasters; thermometer: measures fever; vitamins: tablets that support immunity; pain relief gel: for sore muscles; blood pressure monitor: arm cuff; massage gun: relaxes back; reading glasses: spectacles; face masks: cover mouth and nose; hot water bottle: warms the belly; knee brace: supports the joint; bathroom scale: weighs the body
Car & Travel | suitcase: luggage trolley with wheels; travel pillow: neck support for flights; car tyres: winter rubber wheels; motor oil: lubricant for engines; roof box: cargo carrier; wiper blades: clear the windscreen; jump starter: charges a flat battery; car mat: rubber floor cover; duffel bag: weekend holdall; phone holder: mount for the dashboard; sponge: washes the car; packing cubes: organise clothes in a case
"""

COLOURS = "black white red blue green grey brown pink beige navy yellow purple".split()
MATERIALS = "cotton leather wooden steel ceramic glass plastic wool linen bamboo rubber silk".split()
PEOPLE = ["men", "women", "kids", "girls", "boys", "toddlers", "ladies", "adults"]
QUALITIES = "classic large small premium lightweight waterproof soft modern vintage folding portable organic".split()


def entries():
    """Yields (category, thing, purpose)."""
    for line in GOODS.strip().splitlines():
        category, things = line.split(" | ")
        for thing in things.split("; "):
            name, purpose = thing.split(": ")
            yield category, name, purpose


def general_products(variants, random):
    """Products of every entry, `variants` titles each: dictionaries with title, category and description."""
    products = []
    for category, name, purpose in entries():
        for _ in range(variants):
            words = [random.choice(QUALITIES), random.choice(COLOURS), random.choice(MATERIALS)]
            title = " ".join([*random.sample(words, random.randint(0, 2)), name])
            if random.random() < 0.2:
                title += f" for {random.choice(PEOPLE)}"
            products.append({"title": title, "category": category, "description": purpose})
    return products


def general_phrases():
    """Things and purposes alone: as a shopper may ask for them."""
    phrases = [text for _, name, purpose in entries() for text in (name, purpose, f"{name} {purpose}")]
    return phrases + sorted({category for category, _, _ in entries()})
