import type { Engine, EngineName } from './engine.js';
import { loadMcl } from './mcl.js';
import { loadNoble } from './noble.js';

/**
 * Loads an engine; everything is synchronous afterwards. Without a name the fast one is taken where WebAssembly works,
 * else the reference. Both give the same bytes.
 * @throws PreError `pre/engine` where the engine asked for cannot be loaded
 */
export async function loadEngine(name?: EngineName): Promise<Engine> {
  if (name === 'noble') return loadNoble();
  if (name === 'mcl') return loadMcl();
  try {
    return await loadMcl();
  } catch {
    return loadNoble();
  }
}
