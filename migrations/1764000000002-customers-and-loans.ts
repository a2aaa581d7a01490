import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who borrows and what is borrowed. Everything that belongs to a customer is keyed (customer_id, id), customer
 * first, so that the tables can be distributed by customer. Facts are append-only with two times: effective_at
 * (when it was true) and recorded_at (when we learned it). Personal data is ciphertext under the customer's key.
 * recorded_by is the id of a user; it is not a foreign key, because a book would pay for the check in every row.
 */
export class CustomersAndLoans1764000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE customers (
        id           uuid PRIMARY KEY,
        external_id  text NOT NULL,
        synthetic    boolean NOT NULL DEFAULT false,
        recorded_at  timestamptz NOT NULL DEFAULT now()
      );

      -- Where callers' own ids are unique and looked up, apart from the tables they name: a unique constraint on a
      -- table distributed by customer would have to contain the customer.
      CREATE TABLE external_ids (
        entity       text NOT NULL CHECK (entity IN ('CUSTOMER', 'LOAN')),
        external_id  text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 200),
        customer_id  uuid NOT NULL,
        id           uuid NOT NULL,
        PRIMARY KEY (entity, external_id)
      );

      -- Each row is the whole of what was true of the customer from effective_at on.
      CREATE TABLE customer_facts (
        customer_id   uuid NOT NULL REFERENCES customers,
        id            uuid NOT NULL,
        effective_at  timestamptz NOT NULL,
        recorded_at   timestamptz NOT NULL DEFAULT now(),
        recorded_by   uuid NOT NULL,
        identity      bytea,
        attributes    bytea,
        protected     bytea,
        PRIMARY KEY (customer_id, id)
      );

      CREATE TABLE loans (
        customer_id  uuid NOT NULL REFERENCES customers,
        id           uuid NOT NULL,
        external_id  text NOT NULL,
        product      text NOT NULL CHECK (product ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
        kind         text NOT NULL CHECK (kind IN ('INSTALMENT', 'REVOLVING')),
        currency     char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        recorded_at  timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (customer_id, id)
      );

      CREATE INDEX loans_by_id ON loans (id);

      CREATE TABLE loan_facts (
        customer_id   uuid NOT NULL,
        id            uuid NOT NULL,
        loan_id       uuid NOT NULL,
        effective_at  timestamptz NOT NULL,
        recorded_at   timestamptz NOT NULL DEFAULT now(),
        recorded_by   uuid NOT NULL,
        status        text NOT NULL CHECK (status IN ('APPLICATION', 'ON_BOOK', 'CLOSED', 'CHARGED_OFF')),
        principal     numeric(20, 4) NOT NULL CHECK (principal >= 0 AND principal <> 'NaN'),
        credit_limit  numeric(20, 4) CHECK (credit_limit >= 0 AND credit_limit <> 'NaN'),
        annual_rate   numeric(9, 6) CHECK (annual_rate >= 0 AND annual_rate <> 'NaN'),
        term_months   integer CHECK (term_months > 0),
        decision_at   timestamptz,
        attributes    bytea,
        PRIMARY KEY (customer_id, id),
        FOREIGN KEY (customer_id, loan_id) REFERENCES loans (customer_id, id)
      );
      CREATE INDEX loan_facts_by_loan ON loan_facts (customer_id, loan_id, effective_at);

      -- One period of a loan's history; effective_at is the period's end. A correction is a later row.
      CREATE TABLE repayments (
        customer_id    uuid NOT NULL,
        id             uuid NOT NULL,
        loan_id        uuid NOT NULL,
        effective_at   timestamptz NOT NULL,
        recorded_at    timestamptz NOT NULL DEFAULT now(),
        recorded_by    uuid NOT NULL,
        amount_due     numeric(20, 4) CHECK (amount_due >= 0 AND amount_due <> 'NaN'),
        amount_paid    numeric(20, 4) CHECK (amount_paid >= 0 AND amount_paid <> 'NaN'),
        balance        numeric(20, 4) CHECK (balance <> 'NaN'),
        days_past_due  integer CHECK (days_past_due >= 0),
        status         text CHECK (status IN ('NOT_USED', 'PAID_IN_FULL', 'PARTLY_PAID', 'LATE')),
        PRIMARY KEY (customer_id, id),
        FOREIGN KEY (customer_id, loan_id) REFERENCES loans (customer_id, id)
      );
      CREATE INDEX repayments_by_loan ON repayments (customer_id, loan_id, effective_at);

      -- What happened, with the date it was known: training may not look past known_at.
      CREATE TABLE outcomes (
        customer_id   uuid NOT NULL,
        id            uuid NOT NULL,
        loan_id       uuid NOT NULL,
        defaulted     boolean NOT NULL,
        effective_at  timestamptz NOT NULL,
        known_at      timestamptz NOT NULL,
        recorded_at   timestamptz NOT NULL DEFAULT now(),
        recorded_by   uuid NOT NULL,
        PRIMARY KEY (customer_id, id),
        FOREIGN KEY (customer_id, loan_id) REFERENCES loans (customer_id, id),
        CHECK (known_at >= effective_at)
      );
      CREATE INDEX outcomes_by_loan ON outcomes (customer_id, loan_id);

      GRANT SELECT, INSERT ON customers, external_ids, customer_facts, loans, loan_facts, repayments, outcomes
        TO assay_app;
      GRANT SELECT ON customers, external_ids, customer_facts, loans, loan_facts, repayments, outcomes
        TO assay_reader;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE outcomes, repayments, loan_facts, loans, customer_facts, external_ids, customers',
    );
  }
}
