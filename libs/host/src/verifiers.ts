import { createVerifiers, type Verifiers } from '@medveil/agreements';
import { loadVerifier, parseVerificationKey, requireProductionKey } from '@medveil/eligibility';
import { afgh06, loadEngine } from '@medveil/pre';
import type { Mode } from '@medveil/service-kit';
import type { Network } from './network.js';

/**
 * The cryptography behind the contract's rules, with every verification key of the network.
 * @throws CodedError `eligibility/…` for a key that is malformed or, outside development, was made without a ceremony
 */
export async function loadVerifiers(network: Network, mode: Mode): Promise<Verifiers> {
  await loadVerifier();
  const verificationKeys = Object.values(network.verificationKeys).map((text) => parseVerificationKey(JSON.parse(text)));
  for (const key of verificationKeys) requireProductionKey(key, mode);
  return createVerifiers({ pre: afgh06(await loadEngine()), verificationKeys });
}
