/** What gather returns for one loan as of a time: plain JSON. */
export type GatheredValue = number | string | boolean | null;

export type GatheredFields = Readonly<Record<string, GatheredValue>>;

export interface GatheredRecord {
  /** Free attributes of the customer; protected attributes are never here. */
  readonly customer: GatheredFields;
  /** Terms of the loan and its free attributes. */
  readonly loan: GatheredFields;
  /** One entry per repayment period, newest first. */
  readonly repayments: readonly GatheredFields[];
}

/** The raw value of a feature, as a person knows it; an array for a sequence, newest first. */
export type InputValue = GatheredValue | readonly GatheredValue[];
