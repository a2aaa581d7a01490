/** What a GraphQL server said, with what it was asked. */
export interface Answer<Data> {
  readonly status: number;
  readonly data: Data | null | undefined;
  readonly errors: readonly ToldError[];
  readonly document: string;
  readonly variables: object;
}

export interface ToldError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string; readonly id: string; readonly rule?: string; readonly remedy?: string; readonly who?: string };
}

interface Body {
  readonly data?: unknown;
  readonly errors?: readonly ToldError[];
}

/** One person with a token, over HTTP. */
export class TestClient {
  constructor(
    private readonly url: string,
    readonly token: string | undefined,
  ) {}

  /** Asks, and tells whatever came back. */
  async query<Data = Record<string, unknown>>(document: string, variables: object = {}): Promise<Answer<Data>> {
    const response = await this.send('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: document, variables }),
    });
    const { data, errors = [] } = (await response.json()) as Body;
    return { status: response.status, data: data as Data | null | undefined, errors, document, variables };
  }

  /** Asks what must succeed, and returns the data. */
  async ok<Data = Record<string, never>>(document: string, variables: object = {}): Promise<Data> {
    return expectOk(await this.query<Data>(document, variables));
  }

  /** Asks what must be refused as a whole, and returns the one error. */
  async refusal(document: string, variables: object = {}): Promise<ToldError> {
    const answer = await this.query(document, variables);
    const [error, ...others] = answer.errors;
    if (!error || others.length > 0) throw new Error(`Exactly one error was expected.\n${shown(answer)}`);
    return error;
  }

  /** The same person at another server. */
  at(url: string): TestClient {
    return new TestClient(url, this.token);
  }

  /** Any HTTP request with the token. */
  send(path: string, init: RequestInit = {}): Promise<Response> {
    const authorization = this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
    return fetch(`${this.url}${path}`, { ...init, headers: { ...authorization, ...init.headers } });
  }
}

/** The data of an answer without errors; otherwise fails with the query, the answer and the ids to search the log by. */
export function expectOk<Data>(answer: Answer<Data>): Data {
  if (answer.status === 200 && answer.errors.length === 0 && answer.data) return answer.data;
  throw new Error(`The request failed.\n${shown(answer)}`);
}

const shown = ({ document, variables, status, data, errors }: Answer<unknown>): string =>
  [document, `variables: ${JSON.stringify(variables)}`, `HTTP ${status}`, `errors: ${JSON.stringify(errors, null, 2)}`, `data: ${JSON.stringify(data)?.slice(0, 2_000)}`].join('\n');
