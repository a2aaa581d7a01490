import { parseCheckpoint, type Checkpoint } from '../note/checkpoint.js';
import { parseNote } from '../note/note.js';
import { parseReceipt } from '../note/receipt.js';
import { parseProof } from '../note/tlog-proof.js';
import type { EventBundle, PredictionBundle } from './bundle.js';
import type { Json } from './json.js';
import type { Manifest } from './manifest.js';
import { leafOf, must, proven, unproven, type Check } from './verify.js';

const at = (time: unknown): number => Date.parse(String(time));

/** What must be so of all that an export holds, beyond what proves each of it alone; and what is told of all at the end. */
export class Contents {
  readonly counts = { predictions: 0, events: 0 };
  private readonly last = { predictions: '', events: '' };
  private readonly head: Checkpoint | undefined;
  /** Of each version the dossier under which it predicted, or else that of the last act about it. */
  private readonly dossiers = new Map<string, { readonly digest: string; readonly by: 'predictions' | 'events' }>();
  private readonly bodiless = new Set<string>();
  private readonly erased = new Set<string>();
  private withoutBody = 0;
  private ofFormat1 = 0;

  constructor(private readonly manifest: Manifest) {
    this.head = manifest.checkpoint === '' ? undefined : parseCheckpoint(parseNote(manifest.checkpoint).text);
  }

  /** One that verifies alone. @throws Error where it is not of this export */
  prediction(bundle: PredictionBundle, checks: readonly Check[]): void {
    const { columns } = bundle;
    const { customerId, versionId } = this.manifest.scope;
    this.comesNext('predictions', String(columns['id']));
    this.isWithin(columns['created_at']);
    must(customerId === undefined || columns['customer_id'] === customerId, `The prediction is of customer ${String(columns['customer_id'])}, not of ${customerId} as manifest.json says.`);
    must(versionId === undefined || columns['version_id'] === versionId, `The prediction is of version ${String(columns['version_id'])}, not of ${versionId} as manifest.json says.`);
    must(versionId === undefined || this.manifest.model === undefined || columns['model_id'] === this.manifest.model, `The prediction is of model ${String(columns['model_id'])}, not of ${this.manifest.model} as manifest.json says.`);
    this.isBelowHead(bundle);
    this.isUnderDossier('predictions', columns['version_id'], leafOf(bundle)['dossier']);
    if (checks.some(({ name }) => name === 'unbound')) this.ofFormat1 += 1;
    if (bundle.body !== null) return;
    this.withoutBody += 1;
    this.bodiless.add(String(columns['customer_id']));
  }

  /** Likewise. */
  event(bundle: EventBundle): void {
    const leaf = leafOf(bundle);
    const { event, recordedAt } = parseReceipt(parseNote(bundle.receipt).text);
    this.comesNext('events', event);
    // Exports that have no id, of earlier releases, were cut by the other time.
    this.isWithin(this.manifest.export === undefined ? recordedAt.toISOString() : leaf['time']);
    must(this.isOfScope(leaf), `The event ${String(leaf['type'])} is not of what manifest.json says was exported.`);
    this.isBelowHead(bundle);
    this.isUnderDossier('events', leaf['version'], leaf['dossier']);
    if (leaf['type'] === 'CUSTOMER_ERASED') this.erased.add(String(leaf['customer']));
  }

  private isOfScope(leaf: Json): boolean {
    const { scope: { customerId, versionId }, model } = this.manifest;
    if (customerId !== undefined) return leaf['customer'] === customerId;
    return versionId === undefined || leaf['version'] === versionId || (typeof leaf['model'] === 'string' && leaf['model'] === (model ?? leaf['model']));
  }

  /** Ids rise from line to line and from file to file, so nothing is there twice. */
  private comesNext(kind: 'predictions' | 'events', id: string): void {
    must(id > this.last[kind], `${id} is there twice, or out of order.`);
    this.last[kind] = id;
    this.counts[kind] += 1;
  }

  private isWithin(time: unknown): void {
    const { until, scope: { since, before } } = this.manifest;
    must(at(time) <= at(until), `It is of ${String(time)}, later than ${until}, until when manifest.json says that this export goes.`);
    must((since === undefined || at(time) >= at(since)) && (before === undefined || at(time) < at(before)), `It is of ${String(time)}, which is not of the period that manifest.json names.`);
  }

  /** The manifest's checkpoint is the last: nothing can be proven by a larger one of the same log, nor by another one of its size. */
  private isBelowHead({ proof }: Pick<EventBundle, 'proof'>): void {
    const { origin, size, root } = parseCheckpoint(parseNote(parseProof(proof).checkpoint).text);
    if (this.head?.origin !== origin) return;
    must(size < this.head.size || (size === this.head.size && Buffer.compare(root, this.head.root) === 0), 'It is proven by a checkpoint that does not fit the one in manifest.json: the log had more entries, or others.');
  }

  private isUnderDossier(by: 'predictions' | 'events', version: unknown, digest: unknown): void {
    if (typeof version !== 'string' || typeof digest !== 'string' || (by === 'events' && this.dossiers.get(version)?.by === 'predictions')) return;
    this.dossiers.set(version, { digest, by });
  }

  /** @throws Error with what does not fit the rest */
  checks(): Check[] {
    for (const kind of ['predictions', 'events'] as const) {
      must(this.counts[kind] === this.manifest[kind], `manifest.json: tells of ${this.manifest[kind]} ${kind}, but the files hold ${this.counts[kind]}.`);
    }
    const { predictions, events, until, scope } = this.manifest;
    return [
      proven('predictions', `All ${predictions} predictions are in the log, as they were recorded, each once`),
      ...(this.ofFormat1 > 0 ? [unproven('unbound', `${this.ofFormat1} of them are records of format 1, in which nothing proves reasons, problem, roles, runtime and host: they may have been changed`)] : []),
      ...this.erasures(),
      proven('events', `All ${events} events are in the log, each once`),
      proven('scope', `All of it is of ${Object.entries(scope).map(([name, value]) => `${name} ${value}`).join(', ')}`),
      proven('until', `Nothing recorded after ${until} is in it`),
      ...this.models(),
    ];
  }

  private erasures(): Check[] {
    if (this.withoutBody === 0) return [];
    const without = `${this.withoutBody} of them come without what went in and came out`;
    const missing = [...this.bodiless].filter((customer) => !this.erased.has(customer)).length;
    return [missing === 0 ? proven('erased', `${without}: their customers were erased, as the log says`) : unproven('erased', `${without}, and of ${missing} of their customers no erasure is among the events here`)];
  }

  private models(): Check[] {
    const files = this.manifest.files.flatMap(({ name, sha256 }) => {
      const version = /^models\/([^/]+)\/dossier\.json$/.exec(name)?.[1];
      return version === undefined ? [] : [{ version, name, sha256 }];
    });
    for (const { version, name, sha256 } of files) {
      const logged = this.dossiers.get(version)?.digest;
      must(logged === undefined || logged === sha256, `${name}: is not the dossier that the log names: its SHA-256 is not ${logged}.`);
    }
    for (const [version, { by }] of this.dossiers) {
      must(by === 'events' || files.some((file) => file.version === version), `models/${version}/dossier.json: is not there, but the version predicted.`);
    }
    const told = files.filter(({ version }) => this.dossiers.has(version)).length;
    return [
      ...(told > 0 ? [proven('dossiers', `${told} dossiers are those that the log names`)] : []),
      ...(told < files.length ? [unproven('dossiers', `Of ${files.length - told} dossiers no entry here names the digest`)] : []),
      ...(this.manifest.files.some(({ name }) => /\.parquet$|^models\//.test(name)) ? [unproven('derived', 'Tables and model cards are written from the above for convenience: that they say the same is not checked')] : []),
    ];
  }
}
