const STEP = /\s*(?:>|&gt;)\s*/;

/** The steps of a path of categories, "Apparel > Clothing > Shirts". */
function stepsOf(path: string): string[] {
  return path.split(STEP).filter((step) => step !== '');
}

/** The last step of a path: the kind of product, which is what `category` means. */
export function leafOf(path: string): string | undefined {
  return stepsOf(path).at(-1)?.trim();
}

/**
 * A path as a facet of levels counts it: "Apparel > Shirts" is in "Apparel" and in "Apparel > Shirts". Whole
 * paths and not steps, because "Accessories" below "Men" is another place than below "Women".
 */
export function levelsOf(path: string): string[] {
  const steps = stepsOf(path).map((step) => step.trim());
  return steps.map((_, i) => steps.slice(0, i + 1).join(' > '));
}
