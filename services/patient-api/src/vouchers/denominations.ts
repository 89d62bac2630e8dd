interface Denominated {
  readonly denomination: number;
}

/** Greatest first, as many as fit: what is left is less than the least denomination, unless `most` was reached. */
export function decompose<Kind extends Denominated>(amount: number, kinds: readonly Kind[], most: number): Kind[] {
  const chosen: Kind[] = [];
  let rest = amount;
  for (const kind of kinds.toSorted(greatestFirst)) {
    const count = Math.min(Math.floor(rest / kind.denomination), most - chosen.length);
    for (let i = 0; i < count; i += 1) chosen.push(kind);
    rest -= count * kind.denomination;
  }
  return chosen;
}

/**
 * Vouchers that add up to the amount, or to as much below it as the greatest leave room for. Where each denomination divides the
 * next, nothing comes closer.
 */
export function choose<Held extends Denominated>(amount: number, held: readonly Held[]): Held[] {
  let rest = amount;
  return held.toSorted(greatestFirst).filter(({ denomination }) => {
    const fits = denomination <= rest;
    if (fits) rest -= denomination;
    return fits;
  });
}

export const totalOf = (held: readonly Denominated[]): number => held.reduce((sum, { denomination }) => sum + denomination, 0);

const greatestFirst = (a: Denominated, b: Denominated): number => b.denomination - a.denomination;
