/** A line of `/metrics`. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** What a page of Prometheus' text format says, by name; lines that are none are left out. */
export class MetricsPage {
  private readonly byName = new Map<string, Sample[]>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [, name, labels = '', value = ''] = LINE.exec(line) ?? [];
      if (name === undefined) continue;
      const pairs = [...labels.matchAll(LABEL)].map(([, key = '', quoted = '']) => {
        return [key, quoted.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))] as const;
      });
      const sample = { name, labels: Object.fromEntries(pairs), value: numberOf(value) };
      this.byName.set(name, [...(this.byName.get(name) ?? []), sample]);
    }
  }

  /** All of a name, with these labels among theirs. */
  all(name: string, labels: Readonly<Record<string, string>> = {}): readonly Sample[] {
    const wanted = Object.entries(labels);
    return (this.byName.get(name) ?? []).filter((sample) =>
      wanted.every(([key, value]) => sample.labels[key] === value),
    );
  }

  /** The largest of a name; undefined where there is none. */
  max(name: string, labels?: Readonly<Record<string, string>>): number | undefined {
    const values = this.all(name, labels).map(({ value }) => value);
    return values.length === 0 ? undefined : Math.max(...values);
  }

  /** Zero where there is none. */
  sum(name: string): number {
    return this.all(name).reduce((sum, { value }) => sum + value, 0);
  }
}

function numberOf(text: string): number {
  if (text === '+Inf') return Infinity;
  return text === '-Inf' ? -Infinity : Number(text);
}
