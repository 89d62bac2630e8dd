/**
 * Three-digit ZIP areas of 20,000 people or fewer, to be given as 000 (45 CFR 164.514(b)(2)(i)(B)): those of the
 * 2000 census, as the guidance lists them, together with those of the 2010 census.
 */
const SMALL_AREAS: ReadonlySet<string> = new Set([
  '036', '059', '063', '102', '203', '205', '369', '556', '692', '753', '772', '790', '821', '823', '830', '831',
  '878', '879', '884', '890', '893',
]);

const ZIP = /^\d{5}(?:-\d{4})?$/;
const CUT = /^\d{3}$/;

/** Only United States codes have a rule that says what is safe; others are removed where codes are to be cut. */
export function cutPostalCode(code: string, how: 'kept' | 'three-digits' | 'removed'): string | undefined {
  if (how === 'removed') return undefined;
  if (how === 'kept') return ZIP.test(code) || CUT.test(code) ? code : undefined;
  if (!ZIP.test(code) && !CUT.test(code)) return undefined;
  const area = code.slice(0, 3);
  return SMALL_AREAS.has(area) ? '000' : area;
}
