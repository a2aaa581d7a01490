import type { DevelopmentIdentity, Role } from '../security/index.js';

/** The people of the demonstration. Nobody approves their own work, so it takes several. */
export const PEOPLE = {
  portal: person('portal', 'Loan-officer portal', 'PORTAL'),
  underwriter: person('uma', 'Uma Underwriter', 'UNDERWRITER'),
  secondUnderwriter: person('ulf', 'Ulf Underwriter', 'UNDERWRITER'),
  operator: person('otto', 'Otto Operator', 'OPERATOR'),
  owner: person('mona', 'Mona Model-Owner', 'MODEL_OWNER'),
  validator: person('viktor', 'Viktor Validator', 'VALIDATOR'),
  admin: person('ada', 'Ada Admin', 'ADMIN'),
  secondAdmin: person('amir', 'Amir Admin', 'ADMIN'),
  accessAdmin: person('alex', 'Alex Access-Admin', 'ACCESS_ADMIN'),
  secondAccessAdmin: person('ayo', 'Ayo Access-Admin', 'ACCESS_ADMIN'),
  auditor: person('aude', 'Aude Auditor', 'AUDITOR'),
  privacyOfficer: person('pia', 'Pia Privacy-Officer', 'PRIVACY_OFFICER'),
  secondPrivacyOfficer: person('piet', 'Piet Privacy-Officer', 'PRIVACY_OFFICER'),
  riskManager: person('rita', 'Rita Risk-Manager', 'RISK_MANAGER'),
  borrower: person('bo', 'Bo Borrower', 'BORROWER'),
} as const satisfies Record<string, DevelopmentIdentity>;

export type PersonName = keyof typeof PEOPLE;

/** Roles whose acts need a current grant in the database beside the role in the token. */
export const GRANTED: readonly PersonName[] = ['owner', 'validator', 'admin', 'secondAdmin', 'underwriter', 'secondUnderwriter', 'privacyOfficer', 'secondPrivacyOfficer'];

/** Who grants them, together: roles that approve take two people. The installation names them. */
export const KEEPERS: readonly PersonName[] = ['accessAdmin', 'secondAccessAdmin'];

function person(subject: string, name: string, role: Role): DevelopmentIdentity {
  return { subject, name, roles: [role] };
}
