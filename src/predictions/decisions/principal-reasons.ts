import type { Decision, Language } from '../../scoring/index.js';
import { statementOf, type OverrideReasonCode, type ToldReason } from './reason-codes.js';

/** More are unlikely to help the applicant (official interpretation of 12 CFR 1002.9(b)(2)). */
const MOST_REASONS = 4;

/**
 * The specific reasons of an adverse action. Those that people gave come first; what the model found against approval
 * follows, unless the model would have approved: then it was no reason.
 * @param own the model's decision and its reasons, strongest first
 * @param given by people: of a counteroffer, of a decline
 */
export function principalReasons(
  own: { readonly decision: Decision; readonly reasons: readonly ToldReason[] },
  given: readonly OverrideReasonCode[],
  language: Language,
): ToldReason[] {
  const first = [...new Set(given)].flatMap((code) => statementOf(code, language) ?? []);
  const further = own.decision === 'APPROVE' ? [] : own.reasons;
  return [...first, ...further].slice(0, MOST_REASONS).map(({ code, text }) => ({ code, text }));
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
