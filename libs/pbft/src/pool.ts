import type { PoolRequest } from './inputs.js';

/** A request that waits to be ordered. */
interface Waiting {
  readonly request: PoolRequest;
  /** Taken in here from a client: this replica passes it on until it is executed. */
  readonly own: boolean;
  /** Status ticks since it came. */
  ticks: number;
  /** Blocks with room that left it out although it was next in its sender's line. */
  passedOver: number;
  /** Leaders suspected for it. */
  suspicions: number;
}

/**
 * Requests that wait, first come first served per sender, senders in turn. Whoever floods fills their own line only;
 * a full pool makes room by cutting the longest line.
 */
export interface PoolState {
  waiting: Map<string, Waiting>;
  /** Ids per sender in order of arrival; the Map's own order is whose turn it is. */
  lines: Map<string, string[]>;
  /** Executed or dropped lately: not taken in again. */
  settled: Set<string>;
}

export interface PoolLimits {
  readonly poolRequests: number;
  readonly poolRequestsPerSender: number;
  readonly maxRequestBytes: number;
}

const SETTLED_KEPT = 65_536;

export const newPool = (): PoolState => ({ waiting: new Map(), lines: new Map(), settled: new Set() });

/** @returns `known`: it waits already, or is settled; `no-room`: it is too large, its sender has too many, or the pool is full and nobody has more of it */
export function addRequest(pool: PoolState, request: PoolRequest, own: boolean, limits: PoolLimits): 'added' | 'known' | 'no-room' {
  if (pool.waiting.has(request.id) || pool.settled.has(request.id)) return 'known';
  const line = pool.lines.get(request.sender);
  const length = line?.length ?? 0;
  if (request.bytes.length > limits.maxRequestBytes || length >= limits.poolRequestsPerSender) return 'no-room';
  if (pool.waiting.size >= limits.poolRequests && !cutLongestLine(pool, length)) return 'no-room';
  pool.waiting.set(request.id, { request, own, ticks: 0, passedOver: 0, suspicions: 0 });
  if (line === undefined) pool.lines.set(request.sender, [request.id]);
  else line.push(request.id);
  return 'added';
}

/** Removes the last request of the longest line if that line is longer than the newcomer's would be. */
function cutLongestLine(pool: PoolState, newcomerLength: number): boolean {
  let longest: string[] = [];
  for (const line of pool.lines.values()) if (line.length > longest.length) longest = line;
  if (longest.length <= newcomerLength + 1) return false;
  const cut = longest.pop();
  if (cut !== undefined) pool.waiting.delete(cut);
  return true;
}

/** Takes executed or dropped requests out and remembers them, so that a late copy does not come in again. */
export function settleRequests(pool: PoolState, ids: readonly string[]): void {
  for (const id of ids) {
    pool.settled.add(id);
    const waiting = pool.waiting.get(id);
    if (waiting !== undefined) leaveLine(pool, waiting.request);
    pool.waiting.delete(id);
  }
  for (const id of pool.settled) {
    if (pool.settled.size <= SETTLED_KEPT) break;
    pool.settled.delete(id);
  }
}

/** A sender who was served goes to the back. */
function leaveLine(pool: PoolState, { sender, id }: PoolRequest): void {
  const line = pool.lines.get(sender);
  if (line === undefined) return;
  const at = line.indexOf(id);
  if (at >= 0) line.splice(at, 1);
  pool.lines.delete(sender);
  if (line.length > 0) pool.lines.set(sender, line);
}

/** The next requests that are not in agreement already: one of each sender in turn, then the second of each, up to the limits. */
export function selectRequests(pool: PoolState, inFlight: ReadonlySet<string>, most: number, maxBytes: number): PoolRequest[] {
  const chosen: PoolRequest[] = [];
  let room = maxBytes;
  let lines = [...pool.lines.values()];
  for (let place = 0; lines.length > 0; place += 1) {
    lines = lines.filter((line) => line.length > place);
    for (const line of lines) {
      const request = pool.waiting.get(line[place] ?? '')?.request;
      if (request === undefined || inFlight.has(request.id)) continue;
      if (chosen.length >= most || request.bytes.length > room) return chosen;
      chosen.push(request);
      room -= request.bytes.length;
    }
  }
  return chosen;
}

const WATCHED_LINES = 256;

/**
 * A block with room to spare was executed: whoever was next in line and is in no block was passed over.
 * @returns true where a request has been passed over `patience` times: the leader leaves it out on purpose.
 *   A request that more than `faults` leaders left out is dropped: one of them was correct.
 */
export function countPassedOver(pool: PoolState, inFlight: ReadonlySet<string>, patience: number, faults: number): boolean {
  let suspect = false;
  const hopeless: string[] = [];
  let watched = 0;
  for (const line of pool.lines.values()) {
    watched += 1;
    if (watched > WATCHED_LINES) break;
    const waiting = pool.waiting.get(line[0] ?? '');
    if (waiting === undefined || inFlight.has(waiting.request.id)) continue;
    waiting.passedOver += 1;
    if (waiting.passedOver < patience) continue;
    waiting.passedOver = 0;
    waiting.suspicions += 1;
    if (waiting.suspicions > faults + 1) hopeless.push(waiting.request.id);
    else suspect = true;
  }
  settleRequests(pool, hopeless);
  return suspect;
}

/** Of every four status ticks that a request waits, its own replica passes it on at the second, the others at the third. */
const REPEAT_EVERY_TICKS = 4;

/** What has waited so long that it may have been lost, oldest first. */
export function overdueRequests(pool: PoolState, most: number): { readonly own: PoolRequest[]; readonly others: PoolRequest[] } {
  const own: PoolRequest[] = [];
  const others: PoolRequest[] = [];
  let seen = 0;
  for (const waiting of pool.waiting.values()) {
    seen += 1;
    if (seen > most) break;
    waiting.ticks += 1;
    const turn = waiting.ticks % REPEAT_EVERY_TICKS;
    if (waiting.own && turn === 2) own.push(waiting.request);
    if (!waiting.own && turn === 3) others.push(waiting.request);
  }
  return { own, others };
}
