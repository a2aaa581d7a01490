import type { Transaction } from './database.js';
import { AssayError, internal } from '../base/index.js';
import { Listener } from './listener.js';
import type { Logger } from './log.js';
import { Stream } from './stream.js';

const CHANNEL = 'assay_notices';

/** PostgreSQL carries less than 8,000 bytes; a notice names things, it does not carry them. */
const MOST_BYTES = 2_000;

/**
 * Tells every process of Assay when, and only if, the transaction commits. Committing transactions that tell something
 * wait for one another, so this is for acts of people and never for what happens in bulk.
 */
export async function notify(tx: Transaction, notices: readonly object[]): Promise<void> {
  const payloads = notices.map((notice) => JSON.stringify(notice));
  const large = payloads.find((payload) => Buffer.byteLength(payload) > MOST_BYTES);
  if (large) throw internal(`A notice of ${Buffer.byteLength(large)} bytes is larger than ${MOST_BYTES}.`);
  if (payloads.length > 0) await tx.query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [CHANNEL, payloads]);
}

/** What happened; or that from a moment on everything is heard, and nothing that happened before. */
export type Heard<Notice> = { readonly notice: Notice } | { readonly notice?: undefined; readonly listeningSince: Date };

/** Notices that may wait for a subscriber who is slow to take them. */
const MOST_WAITING = 1_000;

/** Payloads that are read at once, and that may wait for it; where more wait, subscribers are told that they missed some. */
const READ_AT_ONCE = 200;
const MOST_UNREAD = 10_000;

/** What people must do can change with nothing but time. */
const LOOK_AGAIN = 60_000;

/** Notices of all processes over one database, heard on one connection and handed to any number of subscribers. */
export class NoticeHub<Notice> {
  private readonly followers = new Map<Stream<Heard<Notice>>, (notice: Notice) => boolean>();
  private readonly watchers = new Set<Stream<true>>();
  private readonly unread: string[] = [];
  private telling: Promise<void> | undefined;
  private readonly listener: Listener;
  private clock: NodeJS.Timeout | undefined;

  constructor(
    url: string,
    private readonly log: Logger,
    /**
     * Makes notices of what was told, in order. Anybody who may connect to the database can tell anything on the channel: what
     * did not happen is left out here. Asked while somebody listens, for whatever came in meanwhile at once.
     */
    private readonly read: (told: readonly unknown[]) => Promise<readonly Notice[]>,
    private readonly mostWaiting = MOST_WAITING,
  ) {
    this.listener = new Listener(url, CHANNEL, log, { heard: (payload) => this.heard(payload), resumed: () => this.resumed() });
  }

  async start(): Promise<void> {
    await this.listener.start();
    this.clock = setInterval(() => this.listener.connected && this.beat(), LOOK_AGAIN).unref();
  }

  /** How many streams are open. */
  get subscribers(): number {
    return this.followers.size + this.watchers.size;
  }

  /**
   * Every notice that is wanted, in order; before them, at once and again whenever the connection was broken, since when
   * they are heard. A subscriber who does not keep up is let go, with a sentence.
   */
  notices(wanted: (notice: Notice) => boolean): AsyncIterableIterator<Heard<Notice>> {
    const stream = new Stream<Heard<Notice>>({ most: this.mostWaiting, whenFull: () => tooSlow(this.mostWaiting) }, () => this.followers.delete(stream));
    this.followers.set(stream, wanted);
    if (this.listener.connected) stream.push({ listeningSince: new Date() });
    return stream;
  }

  /** A beat at once, and one whenever anything may have changed. Beats that nobody has taken yet fall together. */
  beats(): AsyncIterableIterator<true> {
    const stream = new Stream<true>({ most: 1, whenFull: 'LEAVE_OUT' }, () => this.watchers.delete(stream));
    this.watchers.add(stream);
    stream.push(true);
    return stream;
  }

  /** Ends every stream. */
  async close(): Promise<void> {
    clearInterval(this.clock);
    for (const stream of [...this.followers.keys(), ...this.watchers]) stream.end();
    await this.listener.close();
    await this.telling;
  }

  private heard(payload: string): void {
    if (this.subscribers === 0) return;
    this.unread.push(payload);
    this.telling ??= this.tell().finally(() => (this.telling = undefined));
  }

  /** Batch by batch, so that the order is that of the commits. */
  private async tell(): Promise<void> {
    while (this.unread.length > 0) {
      const waiting = this.unread.length;
      const batch = this.unread.splice(0, waiting > MOST_UNREAD ? waiting : READ_AT_ONCE);
      try {
        if (waiting > MOST_UNREAD) throw internal(`${waiting} notices came in while others were read.`);
        const notices = await this.read(batch.flatMap(parsed));
        for (const notice of notices) for (const [stream, wanted] of this.followers) if (wanted(notice)) stream.push({ notice });
        if (notices.length > 0) this.beat();
      } catch (error) {
        this.log.warn({ err: error }, 'notices cannot be read; subscribers are told that they missed some');
        this.resumed();
      }
    }
  }

  private resumed(): void {
    const listeningSince = new Date();
    for (const stream of this.followers.keys()) stream.push({ listeningSince });
    this.beat();
  }

  private beat(): void {
    for (const stream of this.watchers) stream.push(true);
  }
}

/** Nothing, of what is no JSON. */
function parsed(payload: string): unknown[] {
  try {
    return [JSON.parse(payload)];
  } catch {
    return [];
  }
}

const tooSlow = (most: number): Error =>
  new AssayError('UNAVAILABLE', `This subscription was ended: more than ${most.toLocaleString('en')} events waited to be taken. Read anew what you show, then subscribe again.`);
