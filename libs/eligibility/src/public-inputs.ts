import { utf8 } from '@medveil/encoding';
import { eligibilityError } from './errors.js';
import { bytesToField, fieldToBytes, hashToField } from './field.js';

/** Domains of exclusivity that one claim can touch. */
export const DOMAIN_SLOTS = 4;

/**
 * What an eligibility proof says in public, each a field element in 32 big-endian bytes, in the order the circuit
 * declares them (docs/eligibility.md says what each means).
 */
export interface PublicInputs {
  readonly h: Uint8Array;
  readonly policyHash: Uint8Array;
  readonly result: Uint8Array;
  readonly requirementId: Uint8Array;
  readonly claimNullifier: Uint8Array;
  /** Four; unused places are zero and stand last. */
  readonly domains: readonly Uint8Array[];
  /** Four; zero where the domain is zero. */
  readonly domainNullifiers: readonly Uint8Array[];
  readonly issuerRoot: Uint8Array;
  readonly pseudonym: Uint8Array;
  readonly chainId: Uint8Array;
}

export const PUBLIC_INPUT_COUNT = 8 + 2 * DOMAIN_SLOTS;

/** The same in the terms of the ledger: identifiers as their own text or bytes. */
export interface EligibilityStatement {
  readonly h: Uint8Array;
  readonly policyHash: Uint8Array;
  /** 1: the only result that a claim may have. */
  readonly result: number;
  /** Text of the identifier, or `sampleRequirementId` for a proof on a sample. */
  readonly requirementId: string;
  readonly claimNullifier: Uint8Array;
  readonly domains: readonly string[];
  readonly domainNullifiers: readonly Uint8Array[];
  readonly issuerRoot: Uint8Array;
  /** Public key of the submitting account. */
  readonly pseudonym: Uint8Array;
  readonly chainId: string;
}

/** Field element of an identifier given as text: requirement, chain, domain. */
export const idToField = (id: string): bigint => hashToField(utf8(id));

/** The requirement id that an institution proves its own sample under: never that of a claim. */
export const sampleRequirementId = (requirementId: string): string => `sample:${requirementId}`;

/** @throws CodedError `eligibility/bad-public-inputs` */
export function publicInputsOf(statement: EligibilityStatement): PublicInputs {
  const { domains, domainNullifiers } = statement;
  if (domains.length > DOMAIN_SLOTS || domains.length !== domainNullifiers.length || new Set(domains).size !== domains.length) {
    throw eligibilityError('eligibility/bad-public-inputs', `at most ${DOMAIN_SLOTS} domains, each once and with its nullifier`);
  }
  const places = Array.from({ length: DOMAIN_SLOTS }, (_, i) => i);
  const zero = fieldToBytes(0n);
  return {
    h: statement.h,
    policyHash: statement.policyHash,
    result: fieldToBytes(BigInt(statement.result)),
    requirementId: fieldToBytes(idToField(statement.requirementId)),
    claimNullifier: statement.claimNullifier,
    domains: places.map((i) => (i < domains.length ? fieldToBytes(idToField(domains[i] ?? '')) : zero)),
    domainNullifiers: places.map((i) => domainNullifiers[i] ?? zero),
    issuerRoot: statement.issuerRoot,
    pseudonym: fieldToBytes(hashToField(statement.pseudonym)),
    chainId: fieldToBytes(idToField(statement.chainId)),
  };
}

/**
 * In circuit order. Refuses what is not below r: an alias of a nullifier would be the same person twice.
 * @throws CodedError `eligibility/bad-field-element`, `eligibility/bad-public-inputs`
 */
export function publicSignals(inputs: PublicInputs): bigint[] {
  const signals = [
    inputs.h,
    inputs.policyHash,
    inputs.result,
    inputs.requirementId,
    inputs.claimNullifier,
    ...inputs.domains,
    ...inputs.domainNullifiers,
    inputs.issuerRoot,
    inputs.pseudonym,
    inputs.chainId,
  ].map(bytesToField);
  if (signals.length !== PUBLIC_INPUT_COUNT) {
    throw eligibilityError('eligibility/bad-public-inputs', `not ${PUBLIC_INPUT_COUNT} public inputs`, { given: signals.length });
  }
  return signals;
}
