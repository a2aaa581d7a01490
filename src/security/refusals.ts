import { sqlState, type AssayError, type ErrorCode } from '../platform/index.js';
import { refusedBy, type Rule } from './rules.js';

/** How a refusal by the database is told: rule, what is so, what would satisfy it, who can; REFUSED unless another code is given. */
export type Told = readonly [rule: Rule, says: string, remedy: string, who: string, code?: ErrorCode];

/** What the database's own rules on people say, by their SQLSTATE. The services refuse the same before; this is for races and for forgery. */
const SENTENCES: Readonly<Record<string, Told>> = {
  AS007: ['ENDS_STAND', 'What has ended stays ended, at the time it ended.',
    'Make a new deployment or grant instead.', 'ADMIN, of grants ACCESS_ADMIN'],
  AS008: ['SECOND_PERSON', 'Nobody confirms their own proposal.',
    'Ask another person of the same role.', 'another person of the same role'],
  AS009: ['PROPOSAL_OPEN', 'The proposal has expired.',
    'Propose it again if it is still wanted.', 'whoever may propose it', 'CONFLICT'],
  AS010: ['SECOND_PERSON', 'A role that approves, or that keeps the roles, is granted by two people, neither of whom gets it.',
    'Propose it with grantRole, and ask another ACCESS_ADMIN for confirmProposal.', 'two people who are ACCESS_ADMIN'],
  AS011: ['KEEPER_HAS_NO_VOTE', 'Who keeps the roles has no vote.',
    'End the grant of one of the two roles first.', 'ACCESS_ADMIN'],
  AS012: ['CURRENT_GRANT', 'The act needs a current grant of its role.',
    'Ask an ACCESS_ADMIN for grantRole.', 'ACCESS_ADMIN'],
  AS017: ['PROPOSER_HOLDS_ROLE', 'Who proposed this, or who confirms it, holds no current grant of a role that may.',
    'Decline it, and have it proposed again by somebody who holds the role.', 'people who hold the role'],
  AS150: ['SECOND_PERSON', 'An erasure is confirmed by a second person, as it was proposed.',
    'Propose it with eraseCustomer, and ask another PRIVACY_OFFICER for confirmProposal.', 'two people who are PRIVACY_OFFICER'],
  AS151: ['LEGAL_HOLD', 'A legal hold keeps the customer.',
    'Lift it with liftLegalHold when what it was placed for is over.', 'PRIVACY_OFFICER'],
  AS152: ['RETENTION_RUNS', 'Records of the customer must still be kept.',
    'Look at retention of the customer; erase when its state is DUE.', 'PRIVACY_OFFICER'],
  AS153: ['ERASED_FOR_GOOD', 'The customer was erased, or is being erased.',
    'Record a new customer, with an externalId of its own, if the person comes again.', 'whoever records'],
  AS154: ['SECOND_PERSON', 'A retention rule is confirmed by a second person, as it was proposed.',
    'Propose it with changeRetention, and ask another PRIVACY_OFFICER for confirmProposal.', 'two people who are PRIVACY_OFFICER'],
  AS155: ['RETENTION_FLOOR', 'The regime asks for more months.',
    'Give at least as many, or inForce false where the regime does not bind you.', 'PRIVACY_OFFICER'],
  AS084: ['AS_IT_HAPPENS', 'What is live, and who holds a role, begins and ends when it is said, by the clock of the database.',
    'Make the change now; the past stays as it was.', 'ADMIN, of grants ACCESS_ADMIN'],
};

/** What the database refused, by SQLSTATE or by the name of a constraint, as the sentence a person needs; undefined where the tables do not have it. */
export function toldBy(error: unknown, sentences: Readonly<Record<string, Told>>, constraints: Readonly<Record<string, Told>> = {}): AssayError | undefined {
  const constraint = (error as { constraint?: string } | undefined)?.constraint ?? '';
  const told = sentences[sqlState(error) ?? ''] ?? constraints[constraint];
  if (!told) return undefined;
  const [rule, says, remedy, who, code] = told;
  return refusedBy(rule, { says, remedy, who, ...(code && { code }) });
}

/** A refusal by the database's rules on people and proposals as a sentence; anything else as it is. */
export const translated = (error: unknown): unknown => toldBy(error, SENTENCES) ?? error;
