const COUNT_UNITS: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, B: 1e9 };
const BYTE_UNITS: Readonly<Record<string, number>> = { M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Forms of what is typed, for settings. */
export const COUNT_FORM = /^\d{1,12}(\.\d{1,6})?[KMB]?$/;
const TENANTS_FORM = /^\d{1,9}x\d{1,12}(\.\d{1,6})?[KMB]?$/;
export const MACHINES_FORM = /^\d{1,6}[MGT](,\d{1,6}[MGT])*$/;

/** `50M` as 50,000,000; undefined for what is not of `COUNT_FORM`. */
export function countOf(text: string): number | undefined {
  if (!COUNT_FORM.test(text)) return undefined;
  const unit = /[KMB]$/.exec(text)?.[0] ?? '';
  return Math.round(Number.parseFloat(text) * (COUNT_UNITS[unit] ?? 1));
}

/** `20x30K` as 20 tenants of 30,000 rows. */
export function tenantsOf(text: string): { count: number; rows: number } | undefined {
  if (!TENANTS_FORM.test(text)) return undefined;
  const [count, rows] = text.split('x');
  return { count: Number(count), rows: countOf(rows ?? '') ?? 0 };
}

/** `1G,8G` as bytes, each power of two as operators buy it. */
export function machineSizesOf(text: string): number[] {
  return text.split(',').map((size) => {
    return Number.parseInt(size, 10) * (BYTE_UNITS[size.slice(-1)] ?? 1);
  });
}
