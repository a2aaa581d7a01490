import type { Decision, Language } from '../../scoring/index.js';
import { statementOf, type OverrideReasonCode, type ToldReason } from './reason-codes.js';

/** More are unlikely to help the applicant (official interpretation of 12 CFR 1002.9(b)(2)). */
const MOST_REASONS = 4;

/**
 * The specific reasons of an adverse action. Of a decline by a person theirs comes first; what the model found against
 * approval follows, unless the model would have approved: then it was no reason.
 * @param own the model's decision and its reasons, strongest first
 */
export function principalReasons(
  own: { readonly decision: Decision; readonly reasons: readonly ToldReason[] },
  override: { readonly decision: Decision; readonly reasonCode: OverrideReasonCode } | undefined,
  language: Language,
): ToldReason[] {
  const first = override?.decision === 'DECLINE' ? statementOf(override.reasonCode, language) : undefined;
  const further = own.decision === 'APPROVE' && first ? [] : own.reasons;
  return [...(first ? [first] : []), ...further].slice(0, MOST_REASONS).map(({ code, text }) => ({ code, text }));
}

/** Reason codes of features that count enquiries into the applicant's credit. */
const ENQUIRIES: ReadonlySet<string> = new Set(['INQUIRIES', 'ENQUIRIES', 'CREDIT_INQUIRIES', 'CREDIT_ENQUIRIES']);

/**
 * The key factors that pulled a score down: four, and a fifth where enquiries are one that did not come among them
 * (FCRA 609(f)(1)(C) and (9), as 615(a)(2) asks for).
 * @param ranked every reason against approval, strongest first
 */
export function keyFactors(ranked: readonly ToldReason[]): ToldReason[] {
  const first = ranked.slice(0, MOST_REASONS);
  const enquiries = ranked.slice(MOST_REASONS).find(({ code }) => ENQUIRIES.has(code));
  return [...first, ...(enquiries ? [enquiries] : [])].map(({ code, text }) => ({ code, text }));
}
