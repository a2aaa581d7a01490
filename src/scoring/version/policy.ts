import { defaultDecisionPolicy, policyFor, type DecisionPolicy } from '../decision/policy.js';
import { chooseThreshold, type ThresholdChoice, type ThresholdRule } from '../decision/threshold.js';

/** A policy as it stands, or the rule that its approval line follows from. */
export type PolicyRequest = { readonly policy: DecisionPolicy } | { readonly rule: ThresholdRule };

/** The policy of a version and, where a rule chose the line, how; without a wish a policy around the default rate. */
export function decisionPolicyFor(asked: PolicyRequest | undefined, labels: Uint8Array, pds: Float32Array): { policy: DecisionPolicy; threshold: ThresholdChoice | undefined } {
  if (asked === undefined) return { policy: defaultDecisionPolicy(labels), threshold: undefined };
  if ('policy' in asked) return { policy: asked.policy, threshold: undefined };
  return { policy: policyFor(asked.rule, labels, pds), threshold: chooseThreshold(labels, pds, asked.rule) };
}
