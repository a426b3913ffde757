import { describe, expect, it } from 'vitest';
import { parseFlags } from '../../bench/lib/flags.js';
import { plotSvg } from '../../bench/lib/plot.js';
import { figuresTable, fillReadme, summarise } from '../../bench/lib/readme-table.js';
import type { BenchReport } from '../../bench/lib/report.js';
import { SearchTally, type SearchBody } from '../../bench/lib/search.js';
import { formatTable } from '../../bench/lib/table.js';

function report(bench: string, value: number, cpu = 'Test CPU'): BenchReport {
  return {
    bench,
    command: `npm run bench:${bench}`,
    started_at: '2026-01-01T00:00:00.000Z',
    duration_s: 1,
    seed: 42,
    options: {},
    machine: { cpu, cores: 2, memory_bytes: 24e9, system: 'linux', node: 'v20.20.0' },
    versions: { commit: 'abc' },
    data: {},
    noise: { noisy: bench === 'load' },
    results: [],
    figures: [{ name: `${bench} p50`, value, unit: 'ms' }],
  };
}

describe('the summary of a release', () => {
  it('keeps other benches, replaces the same one and marks noisy ones', () => {
    const first = summarise('1.0.0', undefined, [report('latency', 1), report('load', 2)]);
    const second = summarise('1.0.0', first, [report('latency', 0.5)]);
    const table = figuresTable(second);
    expect(table).toContain('| latency p50 | 0.5 ms | `npm run bench:latency` |');
    expect(table).toContain('| load p50 | 2 ms (noisy) |');
    expect(table).toContain('Test CPU, 2 cores');
  });

  it('refuses to mix machines', () => {
    const reports = [report('latency', 1), report('load', 1, 'Another CPU')];
    expect(() => summarise('1.0.0', undefined, reports)).toThrow('another machine');
  });

  it('fills README between its markers, again and again', () => {
    const start = '<!-- figures:start (filled by npm run bench:summary) -->';
    const readme = `# Title\n${start}\nold\n<!-- figures:end -->\nrest\n`;
    const filled = fillReadme(readme, 'new');
    expect(filled).toBe(`# Title\n${start}\n\nnew\n\n<!-- figures:end -->\nrest\n`);
    expect(fillReadme(filled, 'new')).toBe(filled);
    expect(() => fillReadme('# Title\n', 'new')).toThrow('README.md lacks');
  });
});

describe('what people see', () => {
  it('aligns tables', () => {
    const table = formatTable([
      { name: 'a', 'p50 ms': 1.23456 },
      { name: 'longer', 'p50 ms': 12345 },
    ]);
    const lines = ['name    p50 ms', '──────  ──────', 'a         1.23', 'longer  12,345'];
    expect(table).toBe(lines.join('\n'));
  });

  it('labels both axes of a plot and draws every series', () => {
    const points = [1, 2, 3].map((i) => ({ x: 50 * i, y: i }));
    const series = [
      { name: 'p50 <warm>', points },
      { name: 'p99', points: points.map(({ x, y }) => ({ x, y: y * 4 })) },
    ];
    const svg = plotSvg(series, { title: 'T', x: 'rate, 1/s', y: 'latency, ms' });
    for (const text of ['rate, 1/s', 'latency, ms', 'p50 &lt;warm>', 'p99']) {
      expect(svg).toContain(`>${text}</text>`);
    }
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).not.toContain('NaN');
    expect(plotSvg([], { title: 'T', x: 'x', y: 'y' })).not.toContain('NaN');
  });

  it('draws time on an even axis from 0, and marks what happens', () => {
    const series = [{ name: 'p99', points: [1, 2, 3, 4].map((x) => ({ x, y: 10 })) }];
    const marks = [{ x: 2, name: 'a host killed' }];
    const svg = plotSvg(series, { title: 'T', x: 's', y: 'ms', isEvenX: true, marks });
    const [, points = ''] = /points="([^"]+)"/.exec(svg) ?? [];
    const at = points.split(' ').map((point) => Number(point.split(',')[0]));
    const gaps = at.slice(1).map((x, i) => x - (at[i] ?? NaN));
    for (const gap of gaps) expect(gap).toBeCloseTo(gaps[0] ?? NaN, 0);
    expect(svg).toContain('>0</text>');
    expect(svg).toContain('>a host killed</text>');
  });

  it('reads options strictly', () => {
    const specs = { rates: { default: '1,2', help: '' }, seconds: { default: 5, help: '' } };
    expect(parseFlags(specs, ['--seconds', '7'])).toEqual({ rates: '1,2', seconds: 7 });
    expect(() => parseFlags(specs, ['--seconds', 'x'])).toThrow('--seconds must be a number');
    expect(() => parseFlags(specs, ['--second', '7'])).toThrow('second');
  });
});

it('the split of a search adds up to its latency', () => {
  const tally = new SearchTally();
  for (let i = 1; i <= 1000; i += 1) {
    const body: SearchBody = {
      hits: [],
      took_ms: i,
      timings_ms: { embed: 0.1 * i, search: 0.5 * i, join: 0.2 * i },
      embedding: i % 4 === 0 ? 'computed' : 'cached',
      partial: i === 7 ? { missing: [] } : null,
    };
    tally.onReply({ body }, i);
  }
  const result = tally.result();
  expect(result.partial_replies).toBe(1);
  expect(result.cache_hit_rate).toBe(0.75);
  for (const [split, latencyMs] of [
    [result.split_p50, 500.5],
    [result.split_p99, 990.5],
  ] as const) {
    const sum = split.embed_ms + split.search_ms + split.join_ms + split.rest_ms;
    expect(sum).toBeCloseTo(latencyMs, 6);
    expect(split.search_ms).toBeCloseTo(latencyMs / 2, 6);
  }
});
