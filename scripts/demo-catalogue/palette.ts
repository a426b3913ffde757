/** Every colour a product can have, by the name a shopper would use. */
const PALETTE: Readonly<Record<string, string>> = {
  black: '#33363d',
  white: '#f3f1ec',
  grey: '#9aa1a9',
  charcoal: '#4c525b',
  silver: '#c3c9d0',
  navy: '#2d4373',
  blue: '#3f78c4',
  'sky blue': '#86bde4',
  teal: '#2f9491',
  mint: '#9bd6bd',
  green: '#4f9d5d',
  olive: '#7d8048',
  'forest green': '#2f6b4a',
  yellow: '#f2c744',
  mustard: '#d3a029',
  orange: '#ec8a3b',
  coral: '#f0796a',
  red: '#d1453f',
  burgundy: '#8a2f43',
  pink: '#ef9fb8',
  rose: '#d9798c',
  lilac: '#b9a3dd',
  purple: '#7a559f',
  brown: '#7d5339',
  tan: '#c29063',
  cognac: '#a8623a',
  beige: '#dcc8a6',
  cream: '#f2e6cc',
  sand: '#d9bf94',
  oak: '#cfa26c',
  walnut: '#7b543a',
  birch: '#e6cfa3',
  copper: '#c4764a',
  gold: '#d8b04c',
  steel: '#b4bcc5',
  'cast iron': '#41454b',
  terracotta: '#c86f4c',
};

/** The colour's hex value. Throws for a name that is not in the palette (a slip in a department). */
export function hexOf(colour: string): string {
  const hex = PALETTE[colour];
  if (hex === undefined) throw new Error(`no such colour in the palette: ${colour}`);
  return hex;
}
