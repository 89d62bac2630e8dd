/**
 * Eligibility (docs/scheme.md, sections 6 and 7; docs/eligibility.md): the record and its commitment, study policies,
 * and zero-knowledge proofs that a committed record satisfies a policy. Pure: randomness, files and threads are arguments.
 */
export { type EligibilityError, type EligibilityErrorCode, isEligibilityError } from './errors.js';
export { PART_TYPES, partIndex, type PartType } from './parts.js';
export { bytesToField, FIELD_BYTES, FIELD_ORDER, fieldToBytes, hashToField, randomField } from './field.js';
export { type Coding, dayOf, DAY_MS, type Observation, type ObservationValue, startOfDayMs } from './observation.js';
export { encodeObservationValue, observationValueSchema } from './observation-codec.js';
export {
  ADMINISTRATIVE_GENDER,
  BIRTH_DATE,
  canonicalQuantity,
  canonicalUnit,
  codeEntry,
  CVX,
  GENDER,
  ICD10_CM,
  LOINC,
  partOfCode,
  RXNORM,
  SNOMED,
  toQuantity,
} from './codes.js';
export { CODE_TABLE, type CodeEntry, FALLBACK_UNITS } from './code-table.js';
export { buildRecord, type DatePrecision, type RecordInput, type RecordPart, type RecordTree } from './record.js';
export { EMPTY_PART_DIGEST, MAX_OBSERVATIONS } from './part-tree.js';
export {
  attest,
  type Attestation,
  type Attested,
  claimNullifier,
  commit,
  type Commitment,
  decodeAttestation,
  domainNullifier,
  encodeAttestation,
  type IssuerKey,
  issuerKeyFromSeed,
  ISSUER_PUBLIC_KEY_BYTES,
  subjectOf,
  verifyAttestation,
} from './commitment.js';
export { accreditationLeaf, ISSUER_TREE_DEPTH, IssuerTree, MAX_ISSUERS } from './issuers.js';
export {
  DOMAIN_SLOTS,
  type EligibilityStatement,
  idToField,
  PUBLIC_INPUT_COUNT,
  type PublicInputs,
  publicInputsOf,
  publicSignals,
  sampleRequirementId,
} from './public-inputs.js';
export { type Clause, parsePolicy, type Policy, policySchema, validatePolicy } from './policy.js';
export {
  type CompiledClause,
  type CompiledPolicy,
  compilePolicy,
  SLOT_CLASSES,
  slotClassOf,
  slotsNeeded,
  type ValueTest,
} from './compiled-policy.js';
export { policyHash } from './policy-slots.js';
export { decodePolicy, encodePolicy } from './policy-codec.js';
export { decodeIndex, encodeIndex, type SearchableLeaf, type SearchableRecord } from './screening.js';
export { type AttestationFacts, type ClauseExplanation, type ClauseReason, explain, type Explanation, matches } from './explain.js';
export { buildWitness, type CircuitSize, depthNeeded, type EligibilityInputs, type Signals, statementOf } from './witness.js';
export { BASE_FIELD_ORDER, compressG1, compressG2, encodeProof, PROOF_BYTES, splitProof, type AffineG1, type AffineG2 } from './proof-encoding.js';
export { parseVerificationKey, type VerificationKey, verificationKeyHash, verificationKeySchema } from './verification-key.js';
export { type CeremonyError, type CeremonyErrorCode, ceremonyError, isCeremonyError } from './ceremony/errors.js';
export {
  ATTESTATION_DOMAIN, attestedStatement, beaconExponentSchema, type CeremonyDescription, ceremonyId, type CeremonyTranscript, type Contribution, contributionHash,
  type ContributionKnowledge, contributorNameSchema, descriptionSchema, encodeTranscript, lastHash, parseTranscript, snarkjsContributionHash,
} from './ceremony/transcript.js';
export { checkKeyCeremony, checkSteps, checkTranscript, type KeyCeremony, type VerifySignature } from './ceremony/check.js';
export { SeededDraws } from './ceremony/derive.js';
export { formatG1, formatG2, GENERATOR_G1, GENERATOR_G2, parseG1, parseG2, type PointG1, sameRatio } from './ceremony/points.js';
export { requireProductionKey } from './ceremony/require-production-key.js';
export { loadVerifier, type PreparedKey, prepareVerificationKey, type ProvenStatement, verifyBatch, verifyEligibility, verifySignals, verifyStatement } from './verifier.js';
export { chooseCircuit, type EligibilityProof, proveEligibility, type Prover, type ProvingCircuit } from './prover/prover.js';
export { encodeWitness, WitnessCalculator } from './prover/witness-calculator.js';
export { createNativeProver, type NativeProverOptions, type ProofProgram } from './prover/native-prover.js';
export { createProver, PROVER_KINDS, type ProverKind } from './prover/create-prover.js';
export { type PoolOptions } from './prover/proving-pool.js';
export { createSnarkjsProver } from './prover/snarkjs-prover.js';
export { createWasmProver, type WasmProverOptions } from './prover/wasm-prover.js';
export { decodeOpening, type DeliveryOpening, encodeOpening, type OpenedLeaf, type OpenedPart, openForDelivery } from './delivery.js';
export { checkDelivery, type DeliveryFault, type DeliveryToCheck, type DeliveryVerdict } from './delivery-check.js';
export { type FhirResearchStudy, policyFromFhir, policyToStudy, type StudyTitle } from './fhir-study.js';
export { type FhirGroup, type GroupCharacteristic, policyFromGroup, policyToGroup } from './fhir-group.js';
