import type { Decision, Language } from '../../scoring/index.js';

interface OverrideReason {
  /** What the underwriter says by choosing it. */
  readonly description: string;
  /** The decisions that it can lead to. */
  readonly decisions: readonly Decision[];
  /** What an applicant who is declined for it is told, under a code of its own where the reason itself is not for them. */
  readonly statement?: Readonly<Record<Language, string>> & { readonly code?: string };
}

const EASED: readonly Decision[] = ['APPROVE', 'REFER'];
const CAUTIOUS: readonly Decision[] = ['REFER', 'DECLINE'];

/**
 * Why a person decides otherwise than the model did. A decline must be told to the applicant in specific words: the
 * creditor's own standards, or a score that was not reached, are no reasons (12 CFR 1002.9(b)(2)). So only what has a
 * statement can lead to one; the statements follow the sample form C-1 of Regulation B.
 */
export const OVERRIDE_REASONS = {
  COMPENSATING_FACTORS: { description: 'Strengths that the model does not see outweigh what it sees.', decisions: EASED },
  NEW_INFORMATION: { description: 'Something has become known since the loan was scored.', decisions: EASED },
  DATA_ERROR: { description: 'An input of the model was wrong.', decisions: EASED },
  POLICY_EXCEPTION: { description: 'An exception that the credit policy provides for.', decisions: EASED },
  MODEL_LIMITATION: { description: 'The model was not made for such a case.', decisions: EASED },
  CUSTOMER_REQUEST: { description: 'The customer asked for a person to look at it.', decisions: ['REFER'] },
  FRAUD_SUSPICION: {
    description: 'What the applicant gave does not hold up.',
    decisions: CAUTIOUS,
    // Nobody is to learn from a notice that fraud is suspected.
    statement: { code: 'INFORMATION_NOT_VERIFIED', en: 'Unable to verify information given in the application', zh: '无法核实申请中提供的信息' },
  },
  IDENTITY_NOT_VERIFIED: {
    description: 'Who applies could not be verified.',
    decisions: CAUTIOUS,
    statement: { en: 'Unable to verify identity', zh: '无法核实身份' },
  },
  INCOME_NOT_VERIFIED: {
    description: 'The income could not be verified.',
    decisions: CAUTIOUS,
    statement: { en: 'Unable to verify income', zh: '无法核实收入' },
  },
  EMPLOYMENT_NOT_VERIFIED: {
    description: 'The employment could not be verified.',
    decisions: CAUTIOUS,
    statement: { en: 'Unable to verify employment', zh: '无法核实就业情况' },
  },
  EXCESSIVE_OBLIGATIONS: {
    description: 'Obligations that the model does not see are too high for the income.',
    decisions: CAUTIOUS,
    statement: { en: 'Excessive obligations in relation to income', zh: '债务相对收入过高' },
  },
  DELINQUENT_ELSEWHERE: {
    description: 'Obligations to others are, or were, not met.',
    decisions: CAUTIOUS,
    statement: { en: 'Delinquent past or present credit obligations with others', zh: '在其他机构有逾期的信贷义务' },
  },
  COLLATERAL_INSUFFICIENT: {
    description: 'What secures the loan is not worth enough, or not of the right kind.',
    decisions: CAUTIOUS,
    statement: { en: 'Value or type of collateral not sufficient', zh: '抵押物的价值或类型不足' },
  },
  APPLICATION_INCOMPLETE: {
    description: 'What was asked for was not supplied in time.',
    decisions: CAUTIOUS,
    statement: { en: 'Credit application incomplete', zh: '信贷申请资料不完整' },
  },
} as const satisfies Record<string, OverrideReason>;

export type OverrideReasonCode = keyof typeof OVERRIDE_REASONS;

const reasonOf = (code: OverrideReasonCode): OverrideReason => OVERRIDE_REASONS[code];

export const leadsTo = (code: OverrideReasonCode, decision: Decision): boolean => reasonOf(code).decisions.includes(decision);

/** The codes that can lead to a decision. */
export const codesFor = (decision: Decision): OverrideReasonCode[] =>
  (Object.keys(OVERRIDE_REASONS) as OverrideReasonCode[]).filter((code) => leadsTo(code, decision));

/** A reason as an applicant is told it. */
export interface ToldReason {
  readonly code: string;
  readonly text: string;
}

/** What an applicant is told of a reason; undefined for one that cannot lead to a decline. */
export function statementOf(code: OverrideReasonCode, language: Language): ToldReason | undefined {
  const { statement } = reasonOf(code);
  return statement && { code: statement.code ?? code, text: statement[language] };
}
