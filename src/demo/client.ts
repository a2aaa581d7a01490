import { AssayError, type ErrorCode } from '../platform/index.js';

interface GraphqlAnswer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { message: string; extensions?: { code?: string } }[];
}

/** Speaks to a running Assay over HTTP, as any other client would. */
export class Client {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** @throws AssayError with the server's own sentence */
  async query<Data>(document: string, variables: Record<string, unknown> = {}): Promise<Data> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ query: document, variables }),
    });
    const answer = (await response.json()) as GraphqlAnswer<Data>;
    const problem = answer.errors?.[0];
    if (problem) throw new AssayError((problem.extensions?.code ?? 'INTERNAL') as ErrorCode, problem.message);
    return answer.data!;
  }

  /** The bytes of an artefact. @throws AssayError with the server's own sentence */
  async getArtefact(sha256: string): Promise<Uint8Array> {
    const response = await fetch(`${this.url}/artifacts/${sha256}`, { headers: { authorization: `Bearer ${this.token}` } });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    const problem = ((await response.json()) as GraphqlAnswer<never>).errors?.[0];
    throw new AssayError((problem?.extensions?.code ?? 'INTERNAL') as ErrorCode, problem?.message ?? `The artefact ${sha256} was not given: HTTP ${response.status}.`);
  }

  async putArtefact(sha256: string, bytes: Uint8Array): Promise<void> {
    const response = await fetch(`${this.url}/artifacts/${sha256}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', authorization: `Bearer ${this.token}` },
      body: bytes as Uint8Array<ArrayBuffer>,
    });
    if (!response.ok) throw new AssayError('INTERNAL', `The artefact ${sha256} was not taken: ${await response.text()}`);
  }
}
