import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CODE_TABLE, canonicalUnit, FALLBACK_UNITS, isEligibilityError, LOINC, PART_TYPES, SNOMED, toQuantity } from './index.js';
import { assertUnit, convertUnit, parseDecimal, scaleDecimal } from './units.js';

const loinc = (code: string) => ({ system: LOINC, code });

describe('decimals', () => {
  it('are read as written, without binary fractions', () => {
    assert.deepEqual(parseDecimal('0.1'), { numerator: 1n, decimals: 1 });
    assert.deepEqual(parseDecimal('-12.50'), { numerator: -1250n, decimals: 2 });
    assert.deepEqual(parseDecimal('1.5e3'), { numerator: 1500n, decimals: 0 });
    assert.deepEqual(parseDecimal(1e-7), { numerator: 1n, decimals: 7 });
  });

  it('round half away from zero', () => {
    for (const [text, scaled] of [['2.345', 235n], ['-2.345', -235n], ['2.3449', 234n], ['0.005', 1n]] as const) {
      assert.equal(scaleDecimal(parseDecimal(text), 2), scaled);
    }
  });

  it('refuse what is no decimal', () => {
    for (const bad of ['', 'NaN', '1,5', '0x10', '1e999', '1'.repeat(41), 'Infinity']) {
      assert.throws(() => parseDecimal(bad), (e) => isEligibilityError(e, 'eligibility/quantity-out-of-range'), bad);
    }
  });

  it('round-trip integers of any size allowed', () => {
    fc.assert(fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (n) => scaleDecimal(parseDecimal(n.toString()), 0) === n));
  });
});

describe('canonical quantities', () => {
  it('are the same number whatever commensurable unit it was measured in', () => {
    const same = [
      [loinc('29463-7'), ['70.5', 'kg'], ['70500', 'g'], 70_500n],
      [loinc('8302-2'), ['180', 'cm'], ['1.8', 'm'], 18_000n],
      [loinc('8310-5'), ['37', 'Cel'], ['98.6', '[degF]'], 3700n],
      [loinc('6690-2'), ['7.25', '10*3/uL'], ['7.25', '10*9/L'], 7250n],
      [loinc('2345-7'), ['99.09', 'mg/dL'], ['5.5', 'mmol/L'], 9909n],
      [loinc('8480-6'), ['120', 'mm[Hg]'], ['120', 'mm[Hg]'], 1200n],
    ] as const;
    for (const [code, [a, unitA], [b, unitB], expected] of same) {
      assert.equal(toQuantity(code, a, unitA).scaled, expected);
      assert.equal(toQuantity(code, b, unitB).scaled, expected, `${code.code} in ${unitB}`);
      assert.equal(toQuantity(code, a, unitA).unit, toQuantity(code, b, unitB).unit);
    }
  });

  it('of an unlisted code take one unit for each kind of quantity', () => {
    const code = { system: LOINC, code: '99999-9' };
    assert.deepEqual(toQuantity(code, '1', 'mg/dL'), { kind: 'quantity', scaled: 10_000_000n, unit: 'mg/L' });
    assert.deepEqual(toQuantity(code, '0.01', 'g/L'), { kind: 'quantity', scaled: 10_000_000n, unit: 'mg/L' });
    assert.equal(canonicalUnit(code, 'mmol/L'), 'mmol/L');
    assert.equal(canonicalUnit(code, 'm[IU]/L'), 'm[IU]/L');
  });

  it('refuse an unknown unit, a unit of another kind, and a number that does not fit', () => {
    assert.throws(() => toQuantity(loinc('8302-2'), 1, 'furlongs'), (e) => isEligibilityError(e, 'eligibility/unknown-unit'));
    assert.throws(() => toQuantity(loinc('8302-2'), 1, 'kg'), (e) => isEligibilityError(e, 'eligibility/incommensurable-unit'));
    assert.throws(() => toQuantity(loinc('8302-2'), '9'.repeat(20), 'm'), (e) => isEligibilityError(e, 'eligibility/quantity-out-of-range'));
    assert.throws(() => toQuantity({ system: SNOMED, code: '1' }, 1, '[foo]'), (e) => isEligibilityError(e, 'eligibility/unknown-unit'));
  });

  it('never guess what unit was meant', () => {
    assert.throws(() => assertUnit('lb_av'), (e) => isEligibilityError(e, 'eligibility/unknown-unit'));
    assert.equal(scaleDecimal(convertUnit(parseDecimal('1'), '[lb_av]', 'kg') ?? assert.fail(), 8), 45_359_237n);
  });
});

describe('the code table', () => {
  it('has valid units, known parts and each code once', () => {
    assert.equal(new Set(CODE_TABLE.map((entry) => entry.loinc)).size, CODE_TABLE.length);
    for (const { unit, part } of CODE_TABLE) {
      assert.ok(PART_TYPES.includes(part));
      if (unit !== undefined) assertUnit(unit);
    }
    for (const unit of FALLBACK_UNITS) assertUnit(unit);
  });
});
