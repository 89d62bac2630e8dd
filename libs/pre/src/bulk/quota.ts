/** How many threads a container may really use: `os.cpus()` counts the machine's. */
export interface QuotaSources {
  /** The text of a small file, or undefined where it cannot be read. */
  readonly readText: (path: string) => string | undefined;
  /** What the operating system would give without a quota: `os.availableParallelism()`. */
  readonly available: number;
}

const CGROUP_2 = '/sys/fs/cgroup/cpu.max';
const CGROUP_1_QUOTA = '/sys/fs/cgroup/cpu/cpu.cfs_quota_us';
const CGROUP_1_PERIOD = '/sys/fs/cgroup/cpu/cpu.cfs_period_us';

/**
 * The container's CPU quota in whole threads, at least 1 and at most what is available. Half a CPU and more counts as one:
 * two threads on one and a half CPUs would spend their time waiting for each other.
 */
export function cpuQuota({ readText, available }: QuotaSources): number {
  const cpus = cgroup2(readText) ?? cgroup1(readText) ?? available;
  return Math.max(1, Math.min(available, Math.floor(cpus)));
}

/** `"max 100000"` or `"150000 100000"`: quota and period in microseconds. */
function cgroup2(readText: QuotaSources['readText']): number | undefined {
  const [quota, period] = (readText(CGROUP_2) ?? '').trim().split(/\s+/);
  return ratio(quota, period);
}

/** A quota of −1 is none. */
const cgroup1 = (readText: QuotaSources['readText']): number | undefined => ratio(readText(CGROUP_1_QUOTA)?.trim(), readText(CGROUP_1_PERIOD)?.trim());

function ratio(quota: string | undefined, period: string | undefined): number | undefined {
  const [amount, interval] = [Number(quota), Number(period)];
  return amount > 0 && interval > 0 ? amount / interval : undefined;
}
