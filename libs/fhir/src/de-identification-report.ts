import type { SetAside, SetAsideReason } from './bundle.js';
import { Tally } from './tally.js';

/** How a kept field was changed; `free-text-kept` was not, and is counted because it may say anything. */
export type Change =
  | 'date-cut' | 'age-pooled' | 'postal-code-cut' | 'id-replaced' | 'reference-rewritten' | 'unit-read-as-ucum' | 'medication-inlined'
  | 'free-text-kept';

/** What de-identification did: counts by path, never a value. Paths are FHIR element paths without indices. */
export interface DeidentificationReport {
  readonly ruleSet: string;
  /** Fields removed, a removed subtree counted once at its top. */
  readonly removed: readonly { readonly path: string; readonly count: number }[];
  readonly changed: readonly { readonly path: string; readonly change: Change; readonly count: number }[];
  /** Resources in the parts. */
  readonly shared: readonly { readonly resourceType: string; readonly count: number }[];
  /** Resources of the bundle that are in no part. */
  readonly notShared: readonly NotShared[];
}

export interface NotShared {
  readonly resourceType: string;
  /** `no-shareable-code`: nothing is left that says what the resource is about. `age-shown`: states an age that is pooled. */
  readonly reason: SetAsideReason | 'no-shareable-code' | 'age-shown';
  readonly count: number;
}

const MAX_ROWS = 1000;

export class ReportBuilder {
  private readonly removedPaths = new Tally<{ path: string }>((row) => row.path, MAX_ROWS, { path: '(more)' });
  private readonly changes = new Tally<{ path: string; change: Change }>(
    (row) => `${row.path} ${row.change}`, MAX_ROWS, { path: '(more)', change: 'date-cut' },
  );
  private readonly sharedTypes = new Tally<{ resourceType: string }>(
    (row) => row.resourceType, MAX_ROWS, { resourceType: '(more)' },
  );
  private readonly notSharedTypes = new Tally<Omit<NotShared, 'count'>>(
    (row) => `${row.resourceType} ${row.reason}`, MAX_ROWS, { resourceType: '(more)', reason: 'type-not-shared' },
  );

  constructor(private readonly ruleSet: string, setAside: readonly SetAside[]) {
    for (const { count, ...row } of setAside) this.notSharedTypes.add(row, count);
  }

  removed(path: string): void {
    this.removedPaths.add({ path });
  }

  changed(path: string, change: Change): void {
    this.changes.add({ path, change });
  }

  shared(resourceType: string): void {
    this.sharedTypes.add({ resourceType });
  }

  notShared(resourceType: string, reason: NotShared['reason']): void {
    this.notSharedTypes.add({ resourceType, reason });
  }

  build(): DeidentificationReport {
    return {
      ruleSet: this.ruleSet,
      removed: this.removedPaths.counted(),
      changed: this.changes.counted(),
      shared: this.sharedTypes.counted(),
      notShared: this.notSharedTypes.counted(),
    };
  }
}
