/** What a caller's token has to hold. */
export const SCOPES = {
  /** institutions, their requirements, how deliveries stand */
  read: 'research:read',
  /** take on an institution */
  institutions: 'institutions:write',
  /** release a requirement, which puts credits in escrow */
  requirements: 'requirements:write',
  /** the decrypted parts */
  deliveries: 'deliveries:read',
  /** who is told of what happens */
  webhooks: 'webhooks:write',
} as const;
