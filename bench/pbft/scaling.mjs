/**
 * Messages, bytes and latency of one block by the number of replicas: the replicas of libs/pbft in virtual time, every message one unit
 * under way, disks and executors at once. What a unit is, the network says.
 */
import { encodeCanonical, sha256, toHex } from '@medveil/encoding';
import { createReplica, replicaConfig } from '@medveil/pbft';
import { EventQueue } from '../../libs/pbft/dist/simulator/event-queue.js';
import { configurationOf, ed25519Keyring, firstSeats, nameOf, numberOf } from '../../libs/pbft/dist/simulator/signatures.js';
import { ToyLedger, toyReader } from '../../libs/pbft/dist/simulator/toy-ledger.js';
import { rounded } from '../measure.mjs';

const BLOCKS = 20;
const TRANSACTION_BYTES = 1_000;
const NEVER_MS = 1e9;

/** @returns {replicas, messages_per_block, bytes_per_block, latency_delays, latency_delays_via_follower} */
export function measureScaling(count) {
  const viaLeader = run(count, 0);
  const viaFollower = run(count, 1);
  return {
    replicas: count,
    messages_per_block: rounded(viaLeader.messages / BLOCKS, 1),
    bytes_per_block: rounded(viaLeader.bytes / BLOCKS, 0),
    latency_delays: viaLeader.delays,
    latency_delays_via_follower: viaFollower.delays,
  };
}

const requestsOf = (transactions) => transactions.map((bytes) => ({ id: Buffer.from(bytes).toString('latin1'), sender: 'c0', bytes }));

/** Proposals as the toy ledger reads them, with outlines of the size that the ledger's have: a header and 32 bytes a transaction. */
function readerByDigest() {
  const proposals = new Map();
  const proposalOf = (outline) => proposals.get(toHex(outline));
  return {
    ...toyReader,
    outline(proposal) {
      const { transactions, ...header } = toyReader.identify(proposal);
      const outline = encodeCanonical({ ...header, transactions: transactions.map((transaction) => sha256(transaction)) });
      proposals.set(toHex(outline), proposal);
      return outline;
    },
    readOutline: (outline) => toyReader.readOutline(toyReader.outline(proposalOf(outline))),
    assemble: (outline, requests) => toyReader.assemble(toyReader.outline(proposalOf(outline)), requests),
  };
}

function run(count, taker) {
  const keyring = ed25519Keyring();
  const seats = firstSeats(count);
  const configuration = configurationOf(keyring, 1, seats);
  const queue = new EventQueue();
  const proposals = readerByDigest();
  const sum = { messages: 0, bytes: 0, delays: 0 };
  const ledgers = seats.map(() => new ToyLedger(keyring, seats));
  const replicas = seats.map(({ replica }) =>
    createReplica(
      replicaConfig({ chainId: 'scaling', name: nameOf(replica), configuration, batchDelayMs: 0, progressTimeoutMs: NEVER_MS, statusIntervalMs: NEVER_MS, fetchTimeoutMs: NEVER_MS }),
      { signerOf: keyring.signersOf(replica), verifier: keyring.verifier, proposals },
    ));
  const step = (id, input) => { for (const effect of replicas[id].step(input)) perform(id, effect); };
  const later = (id, input) => queue.after(0, () => step(id, input));
  const transmit = (from, to, bytes) => {
    sum.messages += 1;
    sum.bytes += bytes.length;
    queue.after(1, () => step(to, { type: 'message', from: nameOf(from), bytes }));
  };
  function perform(id, effect) {
    const ledger = ledgers[id];
    switch (effect.type) {
      case 'broadcast': for (const to of replicas.keys()) if (to !== id) transmit(id, to, effect.bytes); break;
      case 'send': transmit(id, numberOf(effect.to), effect.bytes); break;
      case 'validate-proposal': later(id, { type: 'proposal-validated', sequence: effect.sequence, digest: effect.digest, ok: ledger.isValid(effect.proposal, effect.ancestors) }); break;
      case 'build-proposal': {
        const proposal = ledger.build(effect.requests.map((request) => request.id), effect.ancestors);
        later(id, { type: 'proposal-built', view: effect.view, sequence: effect.sequence, proposal, unusable: [] });
        break;
      }
      case 'deliver': {
        const { stateAfter, requestIds } = ledger.execute(effect.proposal, effect.certificate);
        later(id, { type: 'executed', sequence: effect.sequence, stateDigest: stateAfter, requestIds, configuration: ledger.configuration });
        break;
      }
      case 'check-requests': later(id, { type: 'requests', requests: requestsOf(effect.transactions), origin: effect.from }); break;
      case 'read-blocks': later(id, { type: 'blocks', to: effect.to, blocks: [] }); break;
      default: // timers never ring here, and disks are at once
    }
  }
  const settle = (done) => { while (!done()) if (!queue.step()) throw new Error('the replicas came to rest without a block'); };
  for (const id of replicas.keys()) step(id, { type: 'start', entries: [], head: ledgers[id].head(), recovering: false });
  for (let block = 1; block <= BLOCKS; block += 1) {
    const bytes = Buffer.from(`c0/${String(block).padStart(TRANSACTION_BYTES - 3, '0')}`);
    const startedAt = queue.nowMs;
    step(taker, { type: 'requests', requests: requestsOf([new Uint8Array(bytes)]), origin: 'client' });
    settle(() => ledgers.some(({ blocks }) => blocks.length >= block));
    sum.delays = queue.nowMs - startedAt;
    settle(() => ledgers.every(({ blocks }) => blocks.length >= block));
  }
  return sum;
}
