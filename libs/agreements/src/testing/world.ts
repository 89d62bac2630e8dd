import assert from 'node:assert/strict';
import { digest, utf8 } from '@medveil/encoding';
import { accountId, signingKeyFromSeed, signTCert, type SigningKeyPair, type PseudonymRole } from '@medveil/identity';
import { REPLICA_SET_KEY, type ExecutionResult, type LedgerEvent, type ReplicaIdentity, type ReplicaSet, replicaSetValue, type StateMachine } from '@medveil/ledger';
import { checkConservation } from '../conservation.js';
import { buildTransaction, delegateeKeyContext } from '../envelope.js';
import type { RejectionCode } from '../errors.js';
import { eventSchema } from '../events.js';
import { genesisEntries } from '../genesis.js';
import { createContract } from '../machine.js';
import { type ContractGenesis, DEFAULT_PARAMETERS, type Member, type Parameters } from '../parameters.js';
import { readAccount, readNonce } from '../queries.js';
import type { Action, Body } from '../transactions.js';
import type { Verifiers } from '../verifiers.js';
import type { AccountId, DomainRegistry, PartType } from '../vocabulary.js';
import { MemoryView } from './memory-view.js';
import { delegateeProof, ruleVerifiers } from './verifiers.js';

export const CHAIN = 'medveil-spec';
export const START_MS = Date.UTC(2026, 0, 1);
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** 32 bytes that depend on `name` alone. */
export const bytes32 = (name: string): Uint8Array => digest('medveil/spec/1', utf8(name));
const keys = new Map<string, SigningKeyPair>();
export function keyOf(name: string): SigningKeyPair {
  const key = keys.get(name) ?? signingKeyFromSeed(bytes32(`key ${name}`));
  keys.set(name, key);
  return key;
}
const sized = (kind: number, length: number, name: string): Uint8Array => {
  const bytes = new Uint8Array(length);
  bytes[0] = kind;
  bytes.set(bytes32(name), 1);
  return bytes;
};
export const ownerKeyOf = (name: string): Uint8Array => sized(0x11, 49, `owner ${name}`);
export const delegateeKeyOf = (name: string): Uint8Array => sized(0x12, 97, `delegatee ${name}`);

export const REGISTRY: DomainRegistry = {
  domains: ['measurements', 'history', 'treatments'],
  parts: {
    demographics: null,
    'vital-signs': 'measurements',
    laboratory: 'measurements',
    conditions: 'history',
    medications: 'treatments',
    procedures: 'history',
    immunizations: 'treatments',
    allergies: 'history',
    'social-history': 'history',
    other: 'history',
  } satisfies Record<PartType, string | null>,
};

export const VERIFICATION_KEY = { instance: 'small', hash: bytes32('verification key'), development: true };
export const ISSUER_ROOT = bytes32('issuers 1');

export interface Actor {
  readonly name: string;
  readonly key: SigningKeyPair;
  readonly id: AccountId;
  readonly certificate: Uint8Array | null;
}

const actor = (name: string, certificate: Uint8Array | null = null): Actor => {
  const key = keyOf(name);
  return { name, key, id: accountId(key.publicKey), certificate };
};

export const institutionMember = (name: string): Member => {
  const { publicKey: accountKey } = keyOf(name);
  const delegateeKey = delegateeKeyOf(name);
  return {
    role: 'institution', accountKey, name, eCertHash: null, delegateeKey,
    delegateeProof: delegateeProof(delegateeKey, delegateeKeyContext(CHAIN, accountKey)), sealKey: bytes32(`seal ${name}`),
  };
};

/** The replicas of the spec's chain; `replicaKey` signs for one of them. */
export const replicaKey = (id: string): SigningKeyPair => keyOf(`replica ${id}`);
export const replicaOf = (id: string): ReplicaIdentity => ({ id, publicKey: replicaKey(id).publicKey });
export const REPLICAS: ReplicaSet = ['a', 'b', 'c', 'd'].map(replicaOf);

const VOTERS = ['north', 'east', 'south', 'west'];
export const pkgKey = keyOf('pkg certificates');

export const specGenesis = (overrides: Partial<ContractGenesis> = {}): ContractGenesis => ({
  chainId: CHAIN,
  pkgPublicKey: pkgKey.publicKey,
  pkgAccountKey: keyOf('pkg').publicKey,
  consortium: VOTERS.map((name) => ({ accountKey: keyOf(name).publicKey, name })),
  feeAccountKey: keyOf('fees').publicKey,
  members: [
    { role: 'treasury', accountKey: keyOf('treasury').publicKey, name: 'treasury', eCertHash: null },
    institutionMember('institute'),
    institutionMember('university'),
    { role: 'proxy', accountKey: keyOf('proxy').publicKey, name: 'proxy', eCertHash: null, sealKey: bytes32('seal proxy') },
    ...['auditor-1', 'auditor-2', 'auditor-3'].map((name): Member => ({ role: 'auditor', accountKey: keyOf(name).publicKey, name, eCertHash: null, sealKey: bytes32(`seal ${name}`) })),
  ],
  verificationKeys: [VERIFICATION_KEY],
  voucherKeys: [],
  allowDevelopmentKeys: true,
  registry: REGISTRY,
  issuerRoot: ISSUER_ROOT,
  parameters: DEFAULT_PARAMETERS,
  startedAtMs: START_MS,
  ...overrides,
});

const checkEvents = (events: readonly LedgerEvent[]): void => {
  for (const event of events) assert.ok(eventSchema.safeParse(event).success, `${event.type} is not what its schema says`);
};

export interface WorldOptions {
  readonly parameters?: Partial<Parameters>;
  readonly genesis?: Partial<ContractGenesis>;
  /** default: `ruleVerifiers` */
  readonly verifiers?: Verifiers;
  /** default: the contract with these verifiers */
  readonly contract?: StateMachine;
}

/** A chain of one machine: what is sent is executed at once, at the world's time; every step is checked for conservation. */
export class World {
  timeMs = START_MS + HOUR_MS;
  height = 1;
  readonly view: MemoryView;
  readonly contract: StateMachine;
  readonly treasury = actor('treasury');
  readonly pkg = actor('pkg');
  readonly fees = actor('fees');
  readonly voters = VOTERS.map((name) => actor(name));
  readonly institute = actor('institute');
  readonly university = actor('university');
  readonly proxy = actor('proxy');
  readonly auditors = ['auditor-1', 'auditor-2', 'auditor-3'].map((name) => actor(name));

  constructor(options: WorldOptions = {}) {
    const parameters = { ...DEFAULT_PARAMETERS, ...options.parameters };
    const { verifiers = ruleVerifiers } = options;
    this.view = MemoryView.from(genesisEntries(specGenesis({ ...options.genesis, parameters }), verifiers));
    this.view.put(REPLICA_SET_KEY, replicaSetValue(REPLICAS));
    this.contract = options.contract ?? createContract({ verifiers });
  }

  /** A pseudonym with a T-Cert of its own. */
  pseudonym(name: string, options: { role?: PseudonymRole; notBeforeMs?: number; notAfterMs?: number; serial?: Uint8Array; ownerKey?: Uint8Array; issuer?: SigningKeyPair; chainId?: string } = {}): Actor {
    const role = options.role ?? 'patient';
    const preKey = role === 'patient' || role === 'hospital' ? (options.ownerKey ?? ownerKeyOf(name)) : role === 'institution' ? delegateeKeyOf(name) : null;
    const certificate = signTCert({
      version: 1, chainId: options.chainId ?? CHAIN, serial: options.serial ?? bytes32(`serial ${name}`).subarray(0, 16), role,
      accountKey: keyOf(name).publicKey, preKey, notBeforeMs: options.notBeforeMs ?? START_MS, notAfterMs: options.notAfterMs ?? START_MS + 365 * DAY_MS,
      opening: bytes32(`opening ${name}`),
    }, options.issuer ?? pkgKey);
    return actor(name, certificate);
  }

  nonce(sender: Actor): number {
    return readNonce(this.view, sender.key.publicKey);
  }

  balance(of: Actor): number {
    return readAccount(this.view, of.id)?.balance ?? 0;
  }

  /** The signed bytes of a sender's next transaction. */
  build(sender: Actor, body: Body, overrides: { nonce?: number; certificate?: Uint8Array | null; validUntilMs?: number; chainId?: string } = {}): Uint8Array {
    const known = readAccount(this.view, sender.id) !== null;
    return buildTransaction({
      chainId: CHAIN, account: sender.key, certificate: known ? null : sender.certificate, nonce: this.nonce(sender),
      validUntilMs: this.timeMs + HOUR_MS / 2, body, ...overrides,
    }).bytes;
  }

  /** Executes bytes as they are. A rejection must leave the state as it was. */
  execute(bytes: Uint8Array): ExecutionResult {
    const before = this.view.copy();
    const result = this.contract.execute(this.view, this.context(), bytes);
    if (!result.ok) assert.ok(this.view.equals(before), `a rejected transaction changed the state (${result.code})`);
    else checkEvents(result.events);
    checkConservation(this.view);
    return result;
  }

  /** Sends and expects acceptance. @returns the events */
  send(sender: Actor, body: Body): readonly LedgerEvent[] {
    const result = this.execute(this.build(sender, body));
    assert.ok(result.ok, result.ok ? '' : `${sender.name} ${body.type}: ${result.code}: ${result.reason}`);
    return result.events;
  }

  /** Sends and expects this rejection. */
  refuses(code: RejectionCode, sender: Actor, body: Body): void {
    this.refusesBytes(code, this.build(sender, body));
  }

  refusesBytes(code: RejectionCode, bytes: Uint8Array): void {
    const result = this.execute(bytes);
    assert.equal(result.ok ? 'accepted' : result.code, code);
  }

  /** Lets time pass and begins the next block. @returns the events of its deadlines */
  pass(ms: number): readonly LedgerEvent[] {
    this.timeMs += ms;
    this.height += 1;
    const events = this.contract.beginBlock(this.view, this.context(), []);
    checkEvents(events);
    checkConservation(this.view);
    return events;
  }

  fund(account: Actor, amount: number): void {
    this.send(this.treasury, { type: 'mint', account: account.id, amount, reference: bytes32(`deposit ${account.name}`) });
  }

  /** As many voters as are needed vote for it. */
  decide(action: Action, reference = 'proposal'): readonly LedgerEvent[] {
    const proposal = { action, reference: bytes32(reference).subarray(0, 16), voteUntilMs: this.timeMs + DAY_MS };
    return this.voters.slice(0, 3).flatMap((voter) => this.send(voter, { type: 'vote', proposal }));
  }

  context() {
    return { chainId: CHAIN, height: this.height, timeMs: this.timeMs, proposer: 'north' };
  }
}
