/** Counts by key, bounded: what a hostile bundle makes up in names goes into one last row. */
export class Tally<Row extends object> {
  private readonly rows = new Map<string, { row: Row; count: number }>();

  constructor(
    private readonly keyOf: (row: Row) => string,
    private readonly maxRows: number,
    private readonly rest: Row,
  ) {}

  add(row: Row, count = 1): void {
    const key = this.keyOf(row);
    const known = this.rows.get(key);
    if (known !== undefined) known.count += count;
    else if (this.rows.size < this.maxRows) this.rows.set(key, { row, count });
    else {
      const restKey = this.keyOf(this.rest);
      const rest = this.rows.get(restKey);
      if (rest === undefined) this.rows.set(restKey, { row: this.rest, count });
      else rest.count += count;
    }
  }

  /** Sorted by key, so that equal inputs report equally. */
  counted(): (Row & { readonly count: number })[] {
    return [...this.rows]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { row, count }]) => Object.assign({}, row, { count }));
  }
}
