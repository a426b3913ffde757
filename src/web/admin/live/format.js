// @ts-check

/** A few digits, whatever the size. @param {number | null | undefined} value */
export function short(value) {
  if (value === null || value === undefined) return '–';
  const digits = value !== 0 && Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return value.toLocaleString(undefined, { maximumFractionDigits: digits });
}

/** @param {number | null | undefined} value */
export function milliseconds(value) {
  if (value === null || value === undefined) return '–';
  if (value >= 1_000) return `${short(value / 1_000)} s`;
  return `${short(value)} ms`;
}

/** @param {number | null | undefined} share */
export function share(share) {
  if (share === null || share === undefined) return '–';
  return share.toLocaleString(undefined, { style: 'percent', maximumFractionDigits: 1 });
}

/** @param {number} bytes */
export function size(bytes) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  for (; value >= 1_000 && unit < units.length - 1; unit++) value /= 1_000;
  return `${short(value)} ${units[unit] ?? ''}`;
}

/** @param {number} ms epoch */
export function clock(ms) {
  return new Date(ms).toLocaleTimeString();
}

/** Hours and minutes alone. @param {number} ms epoch */
export function clockMinutes(ms) {
  return new Date(ms).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}

/** How long something has been so. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3_600) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** How long ago that was. @param {string} at RFC 3339 */
export function ago(at) {
  return `${duration((Date.now() - Date.parse(at)) / 1_000)} ago`;
}
