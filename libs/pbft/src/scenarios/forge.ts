import { CodedError } from '@medveil/encoding';
import { encodeMessage } from '../message-codec.js';
import type { Message, NewView, NewViewProposal, PrePrepare, Statement, ViewChange } from '../messages.js';
import { messagePayload, prePreparePayload } from '../payloads.js';
import type { Signer } from '../ports.js';
import { encodeToyOutline } from '../simulator/toy-ledger.js';
import type { NamedBlock } from './names.js';

/** What a faulty replica can draw on: its own key and what it has seen. */
export interface Forger {
  readonly replica: number;
  readonly signer: Signer;
  readonly chainId: string;
  block(name: string): NamedBlock;
  /** The last message of this kind that is on its way. */
  seen<T extends Message['type']>(type: T): Extract<Message, { type: T }>;
}

type Unsigned<M extends Statement> = M extends Statement ? Omit<M, 'epoch' | 'replica' | 'signature'> : never;

/** Faulty replicas speak in the configuration that a scenario begins with. */
const epoch = 1;

/**
 * A message that no correct replica sends here: `pre-prepare v0 X [alone|by-digest]` (with its body, else), `prepare v0 X`, `commit v0 X`, `proposal n1 X` (a body), `checkpoint n2`,
 * `view-change v1` (prepared nothing), `new-view v1 X…` (proposes these on the VIEW-CHANGEs that it has seen), `status n9`.
 */
export function forge(forger: Forger, [kind = '', place = '', ...names]: readonly string[]): Uint8Array {
  return encodeMessage(sign(forger, content(forger, kind, Number(place.slice(1)), names)));
}

function content(forger: Forger, kind: string, at: number, names: readonly string[]): Unsigned<Statement> {
  switch (kind) {
    case 'pre-prepare': {
      const { sequence, digest, previousDigest, proposal } = forger.block(names[0] ?? '');
      return { type: kind, view: at, sequence, digest, previousDigest, ...carried(proposal, names) };
    }
    case 'prepare': {
      const { sequence, digest, previousDigest } = forger.block(names[0] ?? '');
      return { type: kind, view: at, sequence, digest, previousDigest };
    }
    case 'commit': {
      const { sequence, digest } = forger.block(names[0] ?? '');
      return { type: kind, view: at, sequence, digest };
    }
    case 'proposal':
      return { type: kind, sequence: at, proposal: forger.block(names[0] ?? '').proposal ?? new Uint8Array(0) };
    case 'checkpoint':
      return { type: kind, sequence: at, stateDigest: new Uint8Array(32).fill(1) };
    case 'view-change':
      return { type: kind, newView: at, base: null, prepared: [] } satisfies Unsigned<ViewChange>;
    case 'new-view': {
      const prePrepares = names.map((name): NewViewProposal => proposed(forger, at, forger.block(name)));
      return { type: kind, view: at, viewChanges: forger.seen('new-view').viewChanges, prePrepares } satisfies Unsigned<NewView>;
    }
    case 'status':
      return { type: kind, view: 0, active: true, committed: at, stable: 0, inAgreement: [], viewChanges: [] };
    default:
      throw new CodedError('pbft/bad-input', `${kind} cannot be forged`);
  }
}

/** The body, or its outline, or neither. */
function carried(proposal: Uint8Array | null, how: readonly string[]): Pick<PrePrepare, 'outline' | 'proposal'> {
  if (proposal === null || how.includes('alone')) return { proposal: null, outline: null };
  return how.includes('by-digest') ? { proposal: null, outline: encodeToyOutline(proposal) } : { proposal, outline: null };
}

function proposed({ chainId, signer }: Forger, view: number, { sequence, digest, previousDigest }: NamedBlock): NewViewProposal {
  return { sequence, digest, previousDigest, signature: signer.sign(prePreparePayload(chainId, { epoch, view, sequence, digest, previousDigest })) };
}

function sign(forger: Forger, unsigned: Unsigned<Statement>): Statement {
  const message = { ...unsigned, epoch, replica: forger.replica, signature: new Uint8Array(64) } as Statement;
  return { ...message, signature: forger.signer.sign(messagePayload(forger.chainId, message)) };
}
