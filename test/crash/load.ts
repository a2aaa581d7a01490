import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { ServerProcess } from './cluster.js';

/** What a client was told, and will hold the lender to. */
export interface Acknowledged {
  readonly requestId: string;
  readonly loan: string;
  readonly prediction: string;
  /** The receipt's note. */
  readonly receipt: string;
}

interface Answer {
  readonly data?: { scoreLoan?: { prediction: { id: string; receipt: { note: string } } } | null } | null;
  readonly errors?: readonly { message: string; extensions?: { code?: string } }[];
}

const SCORE = 'mutation Score($input: ScoreLoanInput!) { scoreLoan(input: $input) { prediction { id receipt { note } } } }';
const WORKERS = 96;
const PAUSE_MILLISECONDS = 25;
/** Shorter than a slow answer, and the work is done for nobody. */
const PATIENCE_MILLISECONDS = 20_000;

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Clients that score at a steady rate, each repeating its request, with the same requestId, until it is answered. */
export class Load {
  readonly acknowledged: Acknowledged[] = [];
  /** Attempts that were not answered, or answered with "later". */
  failures = 0;
  /** Attempts altogether. */
  attempts = 0;
  readonly unexpected: string[] = [];
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 2 * WORKERS });
  private ended = false;
  private started = 0;
  private issued = 0;
  private workers: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly servers: readonly ServerProcess[],
    private readonly token: string,
    private readonly loans: readonly string[],
    /** New requests in a second, at most. */
    private readonly rate: number,
  ) {}

  start(): void {
    this.started = performance.now();
    this.workers = Promise.all(Array.from({ length: WORKERS }, () => this.work()));
  }

  /** No new requests; those that are under way are repeated until they are answered. */
  async stop(): Promise<void> {
    this.ended = true;
    await this.workers;
  }

  private async work(): Promise<void> {
    for (;;) {
      const wait = this.started + (1_000 * this.issued) / this.rate - performance.now();
      if (this.ended) return;
      if (wait > 0) {
        await pause(Math.min(wait + Math.random() * 5, 200));
        continue;
      }
      // Lost time is not made up for: a burst after an outage would be another test.
      if (wait < -1_000) this.started -= wait;
      this.issued += 1;
      this.acknowledged.push(await this.score(randomUUID(), this.loans[this.issued % this.loans.length]!));
    }
  }

  /** One request, until it is acknowledged: at one server or the other. */
  async score(requestId: string, loan: string): Promise<Acknowledged> {
    for (let attempt = Math.floor(Math.random() * 2); ; attempt += 1) {
      this.attempts += 1;
      const server = this.servers[attempt % this.servers.length]!;
      const answer = await this.send(server.url, { externalId: loan, purpose: 'ORIGINATION', requestId });
      const told = answer?.data?.scoreLoan?.prediction;
      if (told?.receipt) return { requestId, loan, prediction: told.id, receipt: told.receipt.note };
      this.failures += 1;
      const [error] = answer?.errors ?? [];
      if (error && !['UNAVAILABLE', 'INTERNAL', 'UNAUTHENTICATED'].includes(error.extensions?.code ?? '')) this.unexpected.push(error.message);
      await pause(PAUSE_MILLISECONDS * (0.5 + Math.random()));
    }
  }

  /** Undefined where there was no answer. */
  send(url: string, input: object): Promise<Answer | undefined> {
    const body = JSON.stringify({ query: SCORE, variables: { input } });
    return new Promise((resolve) => {
      const call = request(`${url}/graphql`, { method: 'POST', agent: this.agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), authorization: `Bearer ${this.token}` } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('error', () => resolve(undefined)).on('aborted', () => resolve(undefined)).on('end', () => {
          try {
            resolve(JSON.parse(text) as Answer);
          } catch {
            resolve(undefined);
          }
        });
      });
      call.setTimeout(PATIENCE_MILLISECONDS, () => call.destroy());
      call.on('error', () => resolve(undefined)).end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
