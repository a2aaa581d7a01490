import { migrations } from '../../migrations/index.js';
import { INSTALLATION } from '../security/index.js';

/** What a leaf says of a row that came, changed or went. */
export interface RowLeaf {
  /** The role of the database that logged in to write; whom the session said it was, before that was bound. */
  readonly actor: string;
  readonly id: string | null;
  readonly table: string;
  readonly row: string | null;
  readonly replaced: string | null;
  /** Where it was not the application: of which transaction it is. Not in leaves of earlier releases. */
  readonly transaction?: string;
}

/** As whom the application logs in; the migrations give it its privileges under this name. */
const APPLICATION = 'assay_app';

/** What changes as it is used: a role ends, a draft is edited, a name is spelt anew. Rows of all other tables are written once. */
const CHANGES = new Set(['users', 'role_grants', 'models', 'model_versions', 'model_version_artefacts', 'deployments', 'suspensions']);

/** Where the application deletes: a draft that is edited names other artefacts. */
const DELETES = new Set(['model_version_artefacts']);

const MIGRATIONS: ReadonlySet<string> = new Set(migrations.map(({ name }) => name));

interface Told {
  readonly table: string;
  readonly says: string;
  count: number;
  readonly ids: string[];
}

/** Ids that are named of one kind. */
const NAMED = 5;

/** Whether those who wrote rows of governance may: the application by its acts, a migration when it binds what is there, and nobody else. */
export class WritersOfRows {
  private readonly told = new Map<string, Told>();
  /** Bound as they stood before leaves told more, by table and role: who the owner is, is known at the end. */
  private readonly bound = new Map<string, Told & { readonly actor: string }>();
  /** As whom migrations ran. */
  private readonly owners = new Set<string>();
  private readonly stood = new Set<string>();
  /** How often rows changed that change as they are used. */
  private readonly changed = new Map<string, number>();

  add(leaf: RowLeaf): void {
    if (leaf.table === 'migrations') this.addMigration(leaf);
    else if (leaf.table === 'users' && leaf.replaced === null) this.addPerson(leaf);
    else if (leaf.transaction !== undefined) this.tell(leaf, `were written, changed or deleted by the role ${leaf.actor} of the database, which is not the application's`);
    else if (leaf.actor === APPLICATION) this.addOwn(leaf);
    else this.addEarlier(leaf);
  }

  /** Whether a migration bound the row as it stood: it is of a release whose acts may have told less. */
  stoodAtFirst(table: string, digest: string, id: string | undefined): boolean {
    return this.stood.has(`${table} ${digest}`) || (id !== undefined && this.stood.has(`${table} ${id}`));
  }

  /** How often the row of this id changed, in a table whose rows do. */
  changesOf(table: string, id: string): number {
    return this.changed.get(`${table} ${id}`) ?? 0;
  }

  *problems(): Generator<string> {
    for (const one of this.told.values()) yield sentence(one);
    for (const one of this.bound.values()) if (!this.owners.has(one.actor)) yield sentence(one);
  }

  /** Whoever runs a command on the database's own machine is recorded by it, as its owner or superuser. Without a grant nobody may do anything. */
  private addPerson({ id, actor, transaction }: RowLeaf): void {
    if (id === INSTALLATION && transaction === undefined) this.owners.add(actor);
  }

  /** Migrations come and go, as the owner; none is changed. */
  private addMigration(leaf: RowLeaf): void {
    const { id, row, replaced, actor } = leaf;
    const known = id === null ? row === null : MIGRATIONS.has(id);
    if (actor === APPLICATION || !known || (row !== null && replaced !== null)) this.tell(leaf, `were written by the role ${actor} of the database; they are not of migrations that this release has, or were changed`);
  }

  private addOwn(leaf: RowLeaf): void {
    const { table, id, row, replaced } = leaf;
    if (row !== null && replaced !== null) this.changed.set(`${table} ${id}`, this.changesOf(table, id ?? '') + 1);
    if (row === null && !DELETES.has(table)) this.tell(leaf, `were deleted by the role ${leaf.actor} of the database; nothing is ever deleted there`);
    else if (row !== null && replaced !== null && !CHANGES.has(table)) this.tell(leaf, `were changed by the role ${leaf.actor} of the database; they are written once`);
  }

  /** Leaves of the release before told less: a row that somebody put in looks like one that a migration bound. */
  private addEarlier(leaf: RowLeaf): void {
    const { table, id, row, replaced, actor } = leaf;
    if (row !== null ? replaced !== null : id !== null) return this.tell(leaf, `were changed or deleted by the role ${actor} of the database, which is not the application's`);
    for (const what of [row, id]) if (what !== null) this.stood.add(`${table} ${what}`);
    const key = `${table} ${actor}`;
    const before = this.bound.get(key) ?? { actor, table, says: `were put there by the role ${actor} of the database, which is neither the application's nor ran the migrations`, count: 0, ids: [] };
    this.bound.set(key, counted(before, id));
  }

  private tell({ table, id }: RowLeaf, says: string): void {
    const key = `${table} ${says}`;
    this.told.set(key, counted(this.told.get(key) ?? { table, says, count: 0, ids: [] }, id));
  }
}

/** In place: there may be any number. */
function counted<One extends Told>(one: One, id: string | null): One {
  one.count += 1;
  if (id !== null && one.ids.length < NAMED) one.ids.push(id);
  return one;
}

const sentence = ({ table, says, count, ids }: Told): string => `${count} rows of ${table} ${says}: ${ids.join(', ') || 'without an id'}${count > ids.length ? ', …' : ''}.`;
