/** Names of the families of a page. */
export function familiesOf(page: string): string[] {
  return [...page.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);
}

/** What all series with these labels come to. */
export function sumOf(page: string, name: string, labels: Record<string, string> = {}): number {
  return seriesOf(page, name, labels).reduce((sum, value) => sum + value, 0);
}

function seriesOf(page: string, name: string, labels: Record<string, string>): number[] {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return page.split('\n').flatMap((line) => {
    const [, found, inside = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (found !== name) return [];
    const has = inside.split(/,(?=\w+=)/);
    return wanted.every((label) => has.includes(label)) ? [Number(value)] : [];
  });
}
