import { Client } from 'pg';
import { internal } from '../base/index.js';
import type { Logger } from './log.js';

const FIRST_DELAY = 100;
const MOST_DELAY = 10_000;
/** A connection whose other end vanished without a word is found out this often. */
const HEARTBEAT = 30_000;
const PATIENCE = 10_000;

export interface Hearing {
  heard(payload: string): void;
  /** The connection was broken and is back: what was told meanwhile is lost. */
  resumed(): void;
}

/** One connection that LISTENs to a channel of PostgreSQL for as long as the process lives. */
export class Listener {
  private client: Client | undefined;
  private connecting: Promise<void> | undefined;
  private retry: NodeJS.Timeout | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly channel: string,
    private readonly log: Logger,
    private readonly hearing: Hearing,
  ) {}

  /** Whether what is told is heard. */
  get connected(): boolean {
    return this.client !== undefined;
  }

  /** @throws what PostgreSQL says when it cannot be listened to at all */
  async start(): Promise<void> {
    await this.connect();
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT).unref();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    clearInterval(this.heartbeat);
    await this.connecting?.catch(() => undefined);
    const { client } = this;
    this.client = undefined;
    await client?.end();
  }

  private connect(): Promise<void> {
    this.connecting = this.open();
    return this.connecting;
  }

  private async open(): Promise<void> {
    const client = new Client({ connectionString: this.url, application_name: 'assay-notices', keepAlive: true, connectionTimeoutMillis: PATIENCE, query_timeout: PATIENCE });
    client.on('error', (error) => this.lost(client, error));
    client.on('end', () => this.lost(client, internal('The connection ended.')));
    client.on('notification', ({ payload }) => this.hearing.heard(payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${this.channel}`);
    } catch (error) {
      void client.end().catch(() => undefined);
      throw error;
    }
    if (this.closed) return client.end();
    this.client = client;
  }

  private beat(): void {
    const { client } = this;
    client?.query('SELECT 1').catch((error: unknown) => this.lost(client, error));
  }

  private lost(client: Client, error: unknown): void {
    if (this.client !== client) return;
    this.client = undefined;
    void client.end().catch(() => undefined);
    this.log.warn({ err: error }, 'notices of other processes are not heard: the connection broke');
    this.tryAgain(0);
  }

  private tryAgain(attempt: number): void {
    if (this.closed) return;
    const delay = Math.min(FIRST_DELAY * 2 ** attempt, MOST_DELAY) * (0.5 + Math.random() / 2);
    this.retry = setTimeout(() => {
      this.connect().then(
        () => this.resumed(),
        (error: unknown) => {
          this.log.warn({ err: error, attempt: attempt + 1 }, 'notices of other processes are still not heard');
          this.tryAgain(attempt + 1);
        },
      );
    }, delay).unref();
  }

  private resumed(): void {
    if (this.closed) return;
    this.log.info('notices of other processes are heard again');
    this.hearing.resumed();
  }
}
