/** Every permission there is, grouped by resource, with what it lets its holder do. */
export const PERMISSIONS = {
  'self:read': 'See who you are and what you may do',
  'customer:read': 'See customers, loans, repayments and outcomes, personal data masked',
  'customer:identity': 'See personal data in the clear',
  'customer:protected': 'See protected attributes',
  'customer:write': 'Record customers and what is known of them',
  'loan:write': 'Record loans and repayments',
  'outcome:write': 'Record outcomes of loans',
  'book:import': 'Import customers and loans in bulk',
  'score:run': 'Score loans, and see the jobs one has started',
  'score:simulate': 'Try what a loan would score with changed values; recorded as a what-if, never a decision',
  'prediction:read': 'See predictions: grade, decision, reasons, coarse PD',
  'prediction:detail': 'See predictions in full: exact PD, inputs, attributions, records, what-ifs; replay them',
  'decision:read': 'See who overrode, contested and reviewed decisions, and list reviews',
  'decision:override': 'Override decisions, and confirm overrides of colleagues',
  'decision:contest': 'Ask for a decision to be reviewed by a person',
  'decision:review': 'Resolve reviews of decisions',
  'decision:notify': 'Record counteroffers and notices of adverse action',
  'model:read': 'See models, versions, dossiers, votes and deployments',
  'model:fairness': 'See how versions do on groups by protected attributes, as aggregates',
  'model:register': 'Register models and versions, upload artefacts',
  'version:submit': 'Submit a version for validation',
  'version:validate': 'Give a verdict as a validator',
  'version:approve': 'Vote as an admin',
  'version:deploy': 'Make an approved version live',
  'access:read': 'See users and the roles they hold',
  'access:manage': 'Grant and end roles',
  'proposal:read': 'See what waits for a second person, and what became of it',
  'policy:change': 'Propose and confirm another governance policy',
  'gate:preview': 'Try what the gates say of a version, which loads and runs it',
  'gate:waive': 'Propose and confirm that a version passes although a gate fails',
  'finding:raise': 'Raise weaknesses of models and versions, and judge how they were resolved',
  'finding:resolve': 'Say what was done about the findings that one owns',
  'model:edit': 'Change what the inventory says of models, as owner or admin',
  'model:review': 'Review models when their time has come',
  'model:tier': 'Propose and confirm another materiality tier of a model',
  'customer:lookup': 'Find customers by national id or e-mail address, which are stored sealed',
  'retention:read': 'See how long records are kept, legal holds, what is due for erasure and what was erased',
  'retention:change': 'Propose and confirm other retention rules',
  'hold:place': 'Place and lift legal holds',
  'customer:erase': 'Propose and confirm that the personal data of a customer is destroyed',
  'audit:read': 'Read the transparency log: events, entries and their proofs',
  'evidence:export': 'Take evidence out: predictions in full with their proofs, as a folder',
} as const;

export type Permission = keyof typeof PERMISSIONS;

const PROFILES = ['self:read', 'customer:read', 'prediction:read'] as const;
const EVIDENCE = [...PROFILES, 'prediction:detail', 'model:read', 'model:fairness', 'proposal:read'] as const;

/** The roles, each a set of permissions. What a role does not name it may not do. */
export const ROLES = {
  PORTAL: [...PROFILES, 'customer:write', 'loan:write', 'score:run', 'score:simulate', 'decision:contest', 'decision:notify'],
  UNDERWRITER: [
    ...PROFILES, 'customer:identity', 'customer:lookup', 'customer:write', 'loan:write', 'score:run', 'score:simulate', 'model:read',
    'decision:read', 'decision:override', 'decision:contest', 'decision:review', 'decision:notify',
  ],
  OPERATOR: ['self:read', 'customer:read', 'customer:write', 'loan:write', 'outcome:write', 'book:import'],
  MODEL_OWNER: ['self:read', 'model:read', 'model:fairness', 'model:register', 'model:edit', 'version:submit', 'gate:preview', 'finding:resolve'],
  VALIDATOR: [...EVIDENCE, 'version:validate', 'score:simulate', 'gate:preview', 'gate:waive', 'finding:raise', 'finding:resolve', 'model:review'],
  ADMIN: [...EVIDENCE, 'version:approve', 'version:deploy', 'policy:change', 'gate:preview', 'gate:waive', 'finding:resolve', 'model:edit', 'model:tier'],
  ACCESS_ADMIN: ['self:read', 'access:read', 'access:manage'],
  AUDITOR: [...EVIDENCE, 'decision:read', 'customer:identity', 'customer:protected', 'access:read', 'customer:lookup', 'retention:read', 'audit:read', 'evidence:export'],
  PRIVACY_OFFICER: ['self:read', 'customer:read', 'customer:identity', 'customer:lookup', 'retention:read', 'retention:change', 'hold:place', 'customer:erase'],
  RISK_MANAGER: [...EVIDENCE, 'decision:read'],
  BORROWER: [...PROFILES, 'customer:identity', 'decision:contest'],
} as const satisfies Record<string, readonly Permission[]>;

export type Role = keyof typeof ROLES;

export const isRole = (name: string): name is Role => Object.hasOwn(ROLES, name);

/** The roles that have a permission. */
export const rolesWith = (permission: Permission): Role[] =>
  (Object.keys(ROLES) as Role[]).filter((role) => (ROLES[role] as readonly Permission[]).includes(permission));

/** What the holder of these roles may do; unknown roles add nothing. */
export function permissionsOf(roles: readonly string[]): ReadonlySet<Permission> {
  return new Set(roles.filter(isRole).flatMap((role) => ROLES[role] as readonly Permission[]));
}

/** What can be limited to one customer, and so be left to a token that is. */
const LIMITABLE: ReadonlySet<Permission> = new Set(['self:read', 'customer:read', 'customer:identity', 'prediction:read', 'score:run', 'score:simulate', 'decision:contest']);

/** What a token that stands for one customer may do, whatever other roles it carries. */
export const limitedPermissionsOf = (roles: readonly string[]): ReadonlySet<Permission> =>
  new Set([...permissionsOf(roles)].filter((permission) => LIMITABLE.has(permission)));
