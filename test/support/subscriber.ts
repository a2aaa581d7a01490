import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { ToldError } from './client.js';

/** What a subscription told: data, or what went wrong. */
interface Told<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly ToldError[];
}

/** How a socket was closed. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** One subscription, taken event by event. */
export class Following<Data> {
  constructor(private readonly events: AsyncIterableIterator<Told<Data>>) {}

  /** The next event; fails where there is none, or one with errors. */
  async next(): Promise<Data> {
    const { value, done } = await this.events.next();
    const told = value as Told<Data> | undefined;
    if (done || !told?.data || told.errors) throw new Error(`An event was expected, not ${JSON.stringify(told)}.`);
    return told.data;
  }

  /** The one error that it ends with, or that comes instead of an event. */
  async refusal(): Promise<ToldError> {
    try {
      const { value } = await this.events.next();
      const [error] = (value as Told<Data> | undefined)?.errors ?? [];
      if (error) return error;
      throw new Error(`An error was expected, not ${JSON.stringify(value)}.`);
    } catch (thrown) {
      if (Array.isArray(thrown) && thrown.length === 1) return thrown[0] as ToldError;
      throw thrown;
    }
  }

  async end(): Promise<void> {
    await this.events.return?.();
  }
}

export const socketUrl = (url: string): string => `${url.replace('http', 'ws')}/graphql`;

/** Someone with one socket to a server, by the client that users have. */
export class Subscriber {
  /** How the socket was closed. */
  readonly closed: Promise<Closed>;
  private readonly client: Client;
  private socket: WebSocket | undefined;

  constructor(url: string, connectionParams: Record<string, unknown> | undefined) {
    this.client = createClient({ url: socketUrl(url), webSocketImpl: WebSocket, retryAttempts: 0, ...(connectionParams && { connectionParams }), onNonLazyError: () => undefined });
    this.closed = new Promise((resolve) => this.client.on('closed', (event) => resolve({ code: (event as Closed).code, reason: (event as Closed).reason })));
    this.client.on('opened', (socket) => void (this.socket = socket as WebSocket));
  }

  static with(url: string, token: string | undefined): Subscriber {
    return new Subscriber(url, { Authorization: `Bearer ${token}` });
  }

  follow<Data>(query: string, variables: Record<string, unknown> = {}): Following<Data> {
    return new Following(this.client.iterate({ query, variables }) as AsyncIterableIterator<Told<Data>>);
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.socket?.pause();
  }

  resume(): void {
    this.socket?.resume();
  }

  /** Vanishes without a word. */
  vanish(): void {
    this.socket?.terminate();
  }

  async end(): Promise<void> {
    await this.client.dispose();
  }
}
