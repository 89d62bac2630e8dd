/** Runs in each worker thread: an engine of its own, loaded once. */
import { type Afgh06, afgh06, type EngineName, loadEngine } from '../index.js';
import { perform, type Task } from './tasks.js';

let scheme: Promise<Afgh06> | undefined;

export default async function work({ engine, task }: { readonly engine: EngineName | undefined; readonly task: Task }): Promise<readonly unknown[]> {
  scheme ??= loadEngine(engine).then(afgh06);
  return perform(await scheme, task);
}
