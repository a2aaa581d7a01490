import type { DecisionPurpose } from '../../models/index.js';
import { newId, type StageProgress } from '../../platform/index.js';
import type { Language } from '../../scoring/index.js';
import type { Api } from '../support/api.js';
import type { ScoredLoan } from './result.js';

export interface RecordedScoring {
  readonly purpose: DecisionPurpose;
  /** Global id; needed only where several models serve the loans. */
  readonly modelId: string | undefined;
  /** A time, `decision` for each loan's own, or undefined for now. */
  readonly asOf: Date | 'decision' | undefined;
  readonly language: Uppercase<Language>;
  /** The same one again scores nothing twice. */
  readonly requestId: string | undefined;
  readonly signal: AbortSignal;
}

const AT_ONCE = 500;

interface Answer {
  readonly scoreLoans: {
    readonly results: readonly {
      readonly loan: string;
      readonly prediction: (Omit<ScoredLoan, 'loan' | 'points' | 'problem'> & { readonly scorePoints: number | null; readonly problem: { readonly message: string } | null }) | null;
      readonly error: { readonly message: string } | null;
    }[];
  };
}

const documentIn = (language: Uppercase<Language>): string => `mutation Score($input: ScoreLoansInput!) {
  scoreLoans(input: $input) { results {
    loan error { message }
    prediction { status decision grade pd scorePoints reasons${language === 'EN' ? '' : `(language: ${language})`} { code text } problem { message } }
  } }
}`;

/** Scores recorded loans through the API: each becomes a recorded prediction by the live version that serves it. */
export async function scoreRecorded(api: Api, loans: readonly string[], scoring: RecordedScoring, progress: StageProgress): Promise<ScoredLoan[]> {
  const { purpose, modelId, asOf, language, requestId = `command ${newId()}`, signal } = scoring;
  const options = { purpose, ...(modelId !== undefined && { modelId }), ...(asOf === 'decision' ? { asOfDecision: true } : asOf && { asOf: asOf.toISOString() }) };
  const results: ScoredLoan[] = [];
  for (let from = 0; from < loans.length; from += AT_ONCE) {
    signal.throwIfAborted();
    const input = { ...options, loans: loans.slice(from, from + AT_ONCE), requestId: `${requestId} ${from}` };
    const { scoreLoans } = await api.query<Answer>(documentIn(language), { input });
    results.push(...scoreLoans.results.map(toScored));
    progress.advance(results.length, loans.length, 'loans');
  }
  return results;
}

const NOTHING = { decision: null, grade: null, pd: null, points: null, reasons: [] } as const;

function toScored({ loan, prediction, error }: Answer['scoreLoans']['results'][number]): ScoredLoan {
  if (!prediction) return { loan, status: 'NOT_FOUND', ...NOTHING, problem: error?.message ?? null };
  const { scorePoints: points, problem, ...rest } = prediction;
  return { loan, ...rest, points, problem: problem?.message ?? null };
}

interface LoansAnswer {
  readonly loans: { readonly edges: readonly { readonly node: { readonly externalId: string } }[]; readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null } };
}

/** The external ids of all loans of a product. */
export async function loansOfProduct(api: Api, product: string): Promise<string[]> {
  const found: string[] = [];
  for (let after: string | null = null; ; ) {
    const { loans }: LoansAnswer = await api.query<LoansAnswer>(
      `query Loans($product: String!, $after: String) {
         loans(first: 200, after: $after, filter: { product: $product }) { edges { node { externalId } } pageInfo { hasNextPage endCursor } }
       }`,
      { product, after },
    );
    found.push(...loans.edges.map(({ node }) => node.externalId));
    if (!loans.pageInfo.hasNextPage) return found;
    after = loans.pageInfo.endCursor;
  }
}
