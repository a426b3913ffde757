import { readFileSync } from 'node:fs';
import { REPOSITORY } from '../lib/paths.js';

/** Windows of rates, by what stands for them where a scrape takes a second. */
const WINDOWS: Readonly<Record<string, string>> = {
  '5m': '10s',
  '15m': '15s',
  '30m': '15s',
  '1h': '20s',
  '6h': '40s',
};
const LASTS = '2s';

/** The rules with times that fit a bench. @param bounds by name, of what a small shop can not reach */
export function shortRules(bounds: Readonly<Record<string, number>>): string {
  const rules = readFileSync(`${REPOSITORY}/deploy/prometheus/rules.yml`, 'utf8')
    .replace(/\[(5m|15m|30m|1h|6h)\]/g, (_, window: string) => `[${WINDOWS[window]}]`)
    .replace(/offset 5m/g, 'offset 10s')
    .replace(/\bfor: \w+/g, `for: ${LASTS}`);
  return Object.entries(bounds).reduce(
    (text, [name, value]) =>
      text.replace(new RegExp(`(bound: ${name} \\}, expr: vector)\\([^\\n]*\\)`), `$1(${value})`),
    rules,
  );
}
