import type { PartType, policySchema } from '@medveil/eligibility';
import type { z } from 'zod';

/** The form that data is wanted in: a FHIR profile, resource types, or both. Nothing named: any form. */
export interface DataFormat {
  /** Canonical URL of a FHIR profile, without a version. */
  readonly profile: string | null;
  readonly resourceTypes: readonly string[];
}

/** A study as an institution would write it, without what only it can say: reward, quantity, expiry. */
export interface Study {
  readonly id: string;
  readonly title: string;
  readonly keywords: readonly string[];
  /** The human form of docs/eligibility.md, before defaults. */
  readonly policy: z.input<typeof policySchema>;
  /** The parts to be handed over, in the order of PART_TYPES; the policy may speak of others. */
  readonly parts: readonly PartType[];
  readonly format: DataFormat;
  readonly licence: {
    readonly kind: 'exclusive' | 'non-exclusive';
    /** GA4GH Data Use Ontology. */
    readonly purposes: readonly string[];
    readonly purposeNote: string;
  };
}
