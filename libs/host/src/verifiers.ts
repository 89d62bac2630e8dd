import { createVerifiers, type Verifiers } from '@medveil/agreements';
import { loadVerifier, parseVerificationKey } from '@medveil/eligibility';
import { afgh06, loadEngine } from '@medveil/pre';
import type { Mode } from '@medveil/service-kit';
import { requireAcceptableKey } from './acceptable-key.js';
import type { Network } from './network.js';

/**
 * The cryptography behind the contract's rules, with every verification key of the network.
 * @throws CodedError `eligibility/…`, `ceremony/…` for a key that is malformed or, outside development, does not come from a ceremony of the consortium
 */
export async function loadVerifiers(network: Network, mode: Mode): Promise<Verifiers> {
  await loadVerifier();
  const verificationKeys = Object.values(network.verificationKeys).map((text) => parseVerificationKey(JSON.parse(text)));
  for (const key of verificationKeys) requireAcceptableKey(key, { mode, network, transcript: network.ceremonies?.[key.instance.name] ?? null });
  return createVerifiers({ pre: afgh06(await loadEngine()), verificationKeys });
}
