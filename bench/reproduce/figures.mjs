/** The figures as SVG, drawn by Vega-Lite without a browser. */
import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import { BLOCK_TIMES, PAPER_PROOFS } from './paper.mjs';

const OURS = 'measured here';
const PAPER = 'Huang et al. 2020';
const WIDTH = 480;
const HEIGHT = 260;

const draw = (spec) =>
  new View(parse(compile({ background: 'white', config: { legend: { labelLimit: 400 }, axis: { labelLimit: 400 } }, ...spec }).spec), { renderer: 'none' }).toSVG();

/** One quantity over the number of inputs, both axes logarithmic; the paper's is a point where it gives one. */
function overInputs(title, unit, series) {
  return draw({
    title,
    width: WIDTH,
    height: HEIGHT,
    data: { values: series.filter(({ value }) => value > 0) },
    mark: { type: 'line', point: { size: 60, filled: true } },
    encoding: {
      x: { field: 'inputs', type: 'quantitative', scale: { type: 'log', domain: [7, 1200], nice: false }, axis: { title: 'authenticated inputs', values: [8, 20, 100, 400, 1000], format: 'd' } },
      y: { field: 'value', type: 'quantitative', scale: { type: 'log' }, axis: { title: unit, format: '~s' } },
      color: { field: 'series', type: 'nominal', title: null },
    },
  });
}

const measured = (cases, metric, series = OURS) => cases.map((each) => ({ series, inputs: each.inputs, value: each[metric] }));
const paper = (value) => ({ series: PAPER, inputs: PAPER_PROOFS.inputs, value });

/** Figures 6 to 8 of the paper, and its tables 3 and 4 as curves. */
export function proofFigures({ cases }) {
  const { keygen_ms, prove_ms, verify_ms, proving_key_bytes, verification_key_bytes, proof_bytes } = PAPER_PROOFS;
  return {
    'keygen.svg': overInputs('Key generation', 'ms', [...measured(cases, 'keygen_ms'), paper(keygen_ms)]),
    'prove.svg': overInputs('Proving', 'ms', [...measured(cases, 'prove_ms'), paper(prove_ms)]),
    'verify.svg': overInputs('Verification', 'ms', [
      ...measured(cases, 'verify_ms'),
      ...measured(cases, 'verify_batch64_ms_per_proof', `${OURS}, in a batch of 64`),
      ...measured(cases, 'verify_snarkjs_ms', 'snarkjs, measured here'),
      paper(verify_ms),
    ]),
    'sizes.svg': overInputs('Sizes', 'bytes', [
      ...measured(cases, 'proving_key_bytes', 'proving key'),
      ...measured(cases, 'verification_key_bytes', 'verification key'),
      ...measured(cases, 'proof_bytes', 'proof'),
      { ...paper(proving_key_bytes), series: `proving key, ${PAPER}` },
      { ...paper(verification_key_bytes.largest), series: `verification key, ${PAPER}` },
      { ...paper(proof_bytes.largest), series: `proof, ${PAPER}` },
    ]),
  };
}

/** Figure 5 of the paper: how long a block takes. */
export function blockFigure({ single_tx_commit_ms: commitMs }) {
  const rows = [...BLOCK_TIMES.filter(({ block_ms: ms }) => ms !== null), { system: 'medveil', consensus: 'PBFT', block_ms: commitMs }];
  return draw({
    title: 'Time to the next block',
    width: WIDTH,
    height: 120,
    data: { values: rows.map(({ system, consensus, block_ms: ms }) => ({ system: `${system} (${consensus})`, ms })) },
    mark: 'bar',
    encoding: {
      x: { field: 'ms', type: 'quantitative', scale: { type: 'log', domainMin: 1 }, axis: { title: 'ms', format: '~s' } },
      x2: { datum: 1 }, // a logarithmic axis has no zero for bars to start from
      y: { field: 'system', type: 'nominal', sort: '-x', title: null },
    },
  });
}

/** What one operation of proxy re-encryption costs, the paper's own (broken) construction beside the one in use. */
export function reEncryptionFigure({ ops }) {
  const rows = ops.filter(({ scheme, engine }) => (scheme === 'afgh06' || scheme === 'huang20') && engine === 'mcl');
  const shared = rows.filter(({ op }) => rows.filter((other) => other.op === op).length === 2);
  return draw({
    title: 'Proxy re-encryption',
    width: WIDTH,
    height: HEIGHT,
    data: { values: shared.map(({ scheme, op, cpu_ms: ms }) => ({ scheme: scheme === 'huang20' ? `${PAPER} (broken)` : 'afgh06', op, ms })) },
    mark: 'bar',
    encoding: {
      y: { field: 'op', type: 'nominal', title: null, sort: null },
      yOffset: { field: 'scheme' },
      x: { field: 'ms', type: 'quantitative', axis: { title: 'ms of CPU time' } },
      color: { field: 'scheme', type: 'nominal', title: null },
    },
  });
}
