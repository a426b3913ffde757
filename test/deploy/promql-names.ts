/** What others than our own processes export. */
export const OF_EXPORTERS =
  /^(up|ALERTS|mongodb_(up|ss_(connections|opcounters|opLatencies_(latency|ops)|wt_cache_(bytes_currently_in_the_cache|maximum_bytes_configured))|rs_members_optimeDate)|redis_(memory_(used|max)_bytes|commands_processed_total|evicted_keys_total)|node_(load1|cpu_seconds_total|disk_io_time_seconds_total|memory_MemAvailable_bytes|memory_MemTotal_bytes|filesystem_(avail|size)_bytes)|nginx_(up|http_requests_total|connections_(active|accepted|handled)))$/;

const WORDS = new Set(
  'sum max min avg count rate increase deriv topk by without on and or unless scalar vector time histogram_quantile label_replace min_over_time clamp_min clamp_max bool predict_linear group_left offset'.split(
    ' ',
  ),
);

/** Names of metrics in an expression: without labels, times and what PromQL has itself. */
export function namesIn(expr: string): string[] {
  const bare = expr
    .replace(/"[^"]*"/g, '')
    .replace(/\{[^}]*\}|\[\w+\]|\b\d[\w.]*/g, ' ')
    .replace(/\b(by|without|on|group_left) \([^)]*\)/g, ' ');
  return (bare.match(/[a-zA-Z_:][\w:]*/g) ?? []).filter((name) => !WORDS.has(name));
}
