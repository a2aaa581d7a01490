import * as fc from 'fast-check';

const HOUR = 3_600_000;
const DECISIONS = ['APPROVE', 'REFER', 'DECLINE'] as const;

const hours = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max }).map((count) => count * HOUR);

/** What was done about a decision, each so long after it, or after what it follows. */
const DECISION = fc.record({
  purpose: fc.constantFrom('ORIGINATION', 'ORIGINATION', 'ACCOUNT_REVIEW'),
  decision: fc.constantFrom(...DECISIONS, 'DECLINE'),
  wait: hours(1, 250),
  overrides: fc.array(fc.record({ decision: fc.constantFrom(...DECISIONS), after: hours(1, 300), lasts: hours(1, 600) }), { maxLength: 2 }),
  offers: fc.array(fc.record({ told: hours(0, 300), later: hours(0, 30), accepted: fc.option(hours(0, 200), { freq: 2 }) }), { maxLength: 1 }),
  notices: fc.array(hours(0, 900), { maxLength: 1 }),
});
const LOAN = fc.record({ completed: fc.option(hours(0, 60 * 24)), decisions: fc.array(DECISION, { minLength: 1, maxLength: 4 }) });

type RandomDecision = typeof DECISION extends fc.Arbitrary<infer Value> ? Value : never;

interface Made {
  readonly customer_id: string;
  readonly loan_id: string;
  readonly id: string;
  readonly purpose: string;
}

const timeOf = (time: number): string => new Date(time).toISOString();

/** A value as SQL. */
const literal = (value: string | number | null): string => (value === null ? 'NULL' : typeof value === 'number' ? String(value) : `'${value}'`);

const insert = (table: string, row: Readonly<Record<string, string | number | null>>): string =>
  `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${Object.values(row).map(literal).join(', ')})`;

/** Writes random histories of loans as a superuser may, whom no trigger stops; the same for the same seed. */
export class RandomHistories {
  readonly predictions: Made[] = [];
  private readonly written: string[] = [`SET session_replication_role = 'replica'`];
  private ids = 0;

  /** @param user a person's id, for all that people do */
  constructor(count: number, private readonly beginning: number, private readonly user: string, seed = 4) {
    for (const { completed, decisions } of fc.sample(LOAN, { numRuns: count, seed })) this.loan(completed, decisions);
  }

  get statements(): string {
    return this.written.join(';\n');
  }

  /** As the application makes them: the time first, so that they sort by it. */
  private id(time: number): string {
    const hex = `${time.toString(16).padStart(12, '0')}70008000${(this.ids += 1).toString(16).padStart(12, '0')}`;
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/u, '$1-$2-$3-$4-$5');
  }

  private loan(completed: number | null, decisions: readonly RandomDecision[]): void {
    const { beginning: start, user } = this;
    const [customer_id, loan_id] = [this.id(start), this.id(start)];
    this.written.push(
      insert('customers', { id: customer_id, external_id: customer_id }),
      insert('loans', { customer_id, id: loan_id, external_id: loan_id, product: 'none', kind: 'REVOLVING', currency: 'EUR' }),
      insert('loan_facts', { customer_id, id: loan_id, loan_id, effective_at: timeOf(start), recorded_by: user, status: 'APPLICATION', principal: 100, completed_at: completed === null ? null : timeOf(start + completed) }),
    );
    let now = start;
    for (const decision of decisions) this.decision(customer_id, loan_id, (now += decision.wait), decision);
  }

  private decision(customer_id: string, loan_id: string, now: number, { purpose, decision, overrides, offers, notices }: RandomDecision): void {
    const id = this.id(now);
    const [at, of, recorded_by] = [timeOf(now), { customer_id, prediction_id: id }, this.user];
    this.predictions.push({ customer_id, loan_id, id, purpose });
    this.written.push(insert('predictions', {
      customer_id, id, loan_id, actor_id: this.user, purpose, status: 'REFUSED', decision, as_of: at, created_at: at, recorded_at: at, row_salt: `\\x${'00'.repeat(16)}`, body: '',
    }));
    let done = now;
    for (const override of overrides) this.override(of, (done += override.after), override);
    for (const offer of purpose === 'ORIGINATION' ? offers : []) this.offer(of, now, offer);
    for (const sent of notices) {
      this.written.push(insert('adverse_action_notices', { ...of, id: this.id(now), kind: 'INCOMPLETE_APPLICATION', send_by: '2026-01-31', sent_at: timeOf(now + sent), channel: 'POST', recorded_by }));
    }
  }

  private override(of: { customer_id: string; prediction_id: string }, now: number, { decision, lasts }: RandomDecision['overrides'][number]): void {
    this.written.push(insert('decision_overrides', {
      ...of, id: this.id(now), replaced: decision === 'REFER' ? 'APPROVE' : 'REFER', decision, reason_code: 'FRAUD_SUSPICION', comment: '', made_by: this.user, recorded_at: timeOf(now), expires_at: timeOf(now + lasts),
      principal: 100, currency: 'EUR', one_person_limit: 25_000, policy_version: 1,
    }));
  }

  private offer(of: { customer_id: string; prediction_id: string }, now: number, { told, later, accepted }: RandomDecision['offers'][number]): void {
    const recorded = now + told + later;
    const id = this.id(recorded);
    this.written.push(insert('counteroffers', { ...of, id, offered_at: timeOf(now + told), amount: 50, currency: 'EUR', recorded_by: this.user, recorded_at: timeOf(recorded) }));
    if (accepted === null) return;
    const at = timeOf(recorded + accepted);
    this.written.push(insert('counteroffer_acceptances', { customer_id: of.customer_id, counteroffer_id: id, accepted_at: at, recorded_by: this.user, recorded_at: at }));
  }
}
