import { importFile } from '../loans/index.js';
import { newContext, type Context, type Queryable, type Stages } from '../platform/index.js';
import type { Runtime } from '../runtime.js';
import { ensureUser, permissionsOf } from '../security/index.js';
import type { Book } from './book.js';
import { PEOPLE } from './people.js';
import type { BookCounts } from './state.js';
import { generateSyntheticBook } from './synthetic.js';

export interface ImportPlan {
  readonly runtime: Runtime;
  readonly book: Book;
  /** The "iss" of the operator's tokens; the import runs in this process, as the operator. */
  readonly issuer: string;
  readonly seed: number;
  /** Size of the synthetic book. */
  readonly customers: number;
  readonly stages: Stages;
  readonly signal?: AbortSignal;
}

/** What the committed import of this database recorded, by its audit event; undefined when there is none. */
export async function importedCounts(db: Queryable): Promise<BookCounts | undefined> {
  const [row] = await db.query<{ leaf: Buffer }>(`SELECT leaf FROM audit_intake WHERE type = 'BOOK_IMPORTED' ORDER BY id LIMIT 1`);
  return row && countsOf(JSON.parse(row.leaf.toString('utf8')) as BookCounts);
}

const countsOf = ({ customers, loans, repayments, outcomes, rejected }: BookCounts): BookCounts => ({ customers, loans, repayments, outcomes, rejected });

/** Imports the book of a demonstration; a synthetic one is invented first. */
export async function importDemoBook(plan: ImportPlan): Promise<BookCounts> {
  const { runtime, book, stages, signal } = plan;
  if (book.synthetic) await invent(plan);
  const ctx = await operator(plan);
  const imported = await stages.run(
    'import',
    `Import ${book.mapping.title}`,
    (progress) =>
      importFile(ctx, runtime.keys, {
        path: book.path,
        mapping: book.mapping,
        onError: 'skip',
        rejectsPath: `${runtime.config.home}/rejected.csv`,
        onProgress: ({ done, total }) => progress.advance(done, total, 'rows'),
        ...(signal && { signal }),
      }),
    ({ customers, loans, repayments, rejected, rejectsPath }) =>
      `${customers} customers, ${loans} loans, ${repayments} repayments${rejected > 0 ? `, ${rejected} rows rejected: see ${rejectsPath}` : ''}`,
  );
  return countsOf(imported);
}

const invent = ({ stages, book, seed, customers }: ImportPlan): Promise<unknown> =>
  stages.run('generate', 'Invent a synthetic book', (progress) =>
    generateSyntheticBook({ path: book.path, seed, customers, onProgress: ({ done, total }) => progress.advance(done, total, 'customers') }),
  );

async function operator({ runtime: { db, log }, issuer }: ImportPlan): Promise<Context> {
  const { subject, name, roles } = PEOPLE.operator;
  const { id } = await ensureUser(db, { issuer, subject, name });
  return newContext({ db, log, actor: { id, name, roles, permissions: permissionsOf(roles), ownCustomerId: undefined } });
}
