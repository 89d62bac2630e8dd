/** The tables as a page of Markdown. */
import { BLOCK_TIMES, PAPER_PROOFS } from './paper.mjs';

const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (header, rows) => [row(header), row(header.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(row)].join('\n');
const seconds = (ms) => (ms === undefined ? '' : (ms / 1000).toFixed(ms < 10_000 ? 2 : 1));
const kilobytes = (bytes) => (bytes / 1000).toFixed(bytes < 10_000 ? 2 : 0);
const range = ({ smallest, largest }) => `${kilobytes(smallest)} to ${kilobytes(largest)}`;
const machineLine = ({ cpu, threads, memory_gb: memory, os, node }) => `${cpu}, ${threads} threads, ${memory} GB, ${os}, Node ${node}`;

function proofs({ cases, everyday }) {
  const { inputs, keygen_ms, prove_ms, verify_ms, proving_key_bytes, verification_key_bytes, proof_bytes } = PAPER_PROOFS;
  const ours = cases.map((each) => [
    each.inputs, each.constraints, seconds(each.keygen_ms), seconds(each.prove_ms), each.verify_ms.toFixed(1), each.verify_batch64_ms_per_proof.toFixed(1),
    each.verify_snarkjs_ms.toFixed(1), (each.proving_key_bytes / 1e6).toFixed(1), kilobytes(each.verification_key_bytes), kilobytes(each.proof_bytes),
  ]);
  const theirs = [`the paper, ${inputs}`, '', seconds(keygen_ms), seconds(prove_ms), verify_ms, '', '', (proving_key_bytes / 1e6).toFixed(1), range(verification_key_bytes), range(proof_bytes)];
  return `## Zero-knowledge proofs (tables 3 and 4, figures 6 to 8)

An input here is an observation of the record, every one authenticated by the commitment that the proof is about; the policy has ${everyday.clauses} clauses.
Times are elapsed. Of the paper's columns the times at 1000 inputs and the smallest and largest sizes stand here; the inputs between, and
PGHR, which it compares with, are left out rather than read off a plot.

${table(['inputs', 'constraints', 'key generation s', 'prove s', 'verify ms', 'in a batch of 64 ms', 'by snarkjs ms', 'proving key MB', 'verification key KB', 'proof KB'], [...ours, theirs])}

The everyday study, ${everyday.clauses} clauses over ${everyday.observations} observations (${everyday.constraints} constraints), is proved in ${seconds(everyday.prove_ms)} s.

![key generation](keygen.svg)
![proving](prove.svg)
![verification](verify.svg)
![sizes](sizes.svg)`;
}

function blocks({ replicas, single_tx_commit_ms: commitMs, loads }) {
  const rows = BLOCK_TIMES.map(({ system, consensus, block_ms: ms }) => [system, consensus, ms === null ? 'not known' : seconds(ms)]);
  const most = loads.reduce((best, load) => (load.committed_tps > best.committed_tps ? load : best));
  return `## Blocks (figure 5, table 2)

${table(['system', 'consensus', 'block time s'], [...rows, [`medveil, ${replicas} replicas`, 'PBFT', (commitMs / 1000).toFixed(4)]])}

One transaction alone is in a committed block after that time. At most ${Math.round(most.committed_tps)} transactions a second were committed (${most.transport} transport), with a median latency of
${most.latency_p50_ms.toFixed(0)} ms and a block every ${most.block_interval_ms.toFixed(0)} ms. A consortium's blocks and a public chain's are not the same service: the figure says what the
paper's says, no more.

![blocks](blocks.svg)`;
}

const reEncryption = () => `## Proxy re-encryption

The paper's construction, mended so that it works and broken all the same (docs/scheme.md, section 4), beside the one in use.

![proxy re-encryption](re-encryption.svg)`;

/** @param results by benchmark name */
export const report = (results) => `# The paper's tables and figures, measured again

Made by \`npm run reproduce\` (\`results.json\` holds the figures). ${machineLine(results.zk.machine)}.
The paper's machine was another one: what can be compared is the shape of the curves and the order of magnitude.

${[proofs(results.zk), blocks(results.pbft), reEncryption()].join('\n\n')}
`;
