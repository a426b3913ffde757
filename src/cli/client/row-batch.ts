/** A row that can be sent: one line of NDJSON. */
export interface SendableRow {
  line: number;
  id: string | undefined;
  text: string;
}

/** Rows of one request. */
export class RowBatch {
  readonly rows: SendableRow[] = [];
  readonly ids = new Set<string>();
  bytes = 0;

  add(row: SendableRow): void {
    this.rows.push(row);
    if (row.id !== undefined) this.ids.add(row.id);
    this.bytes += row.text.length;
  }

  get lastLine(): number {
    return this.rows.at(-1)?.line ?? 0;
  }

  body(): string {
    return this.rows.map((row) => row.text).join('\n');
  }

  sharesIdWith(other: RowBatch): boolean {
    const [few, many] = this.ids.size < other.ids.size ? [this, other] : [other, this];
    for (const id of few.ids) if (many.ids.has(id)) return true;
    return false;
  }
}
