/** Memory and CPU time of processes on this machine, from Linux' /proc; of others they are not known. */
import { readFileSync } from 'node:fs';

/** USER_HZ, which Linux keeps at 100 for what it shows. */
const TICKS_PER_SECOND = 100;

export function rssMb(pid) {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}

/** User and system time of a process so far; of its threads too. */
export function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
