import { messageOf } from '../../platform/index.js';
import { parseSignatureLine, type NoteSignature } from '../note/index.js';
import type { WitnessAt } from './policy.js';
import { formatAddCheckpoint, monitoringPath, parseSize, SIZE_TYPE, type AddCheckpoint } from './protocol.js';

/** Everything that can come of asking a witness. */
export type WitnessAnswer =
  | { readonly kind: 'COSIGNED'; readonly signatures: readonly NoteSignature[] }
  /** It cosigned this size last: to be asked again from there. */
  | { readonly kind: 'GO_ON_FROM'; readonly size: number }
  /** The consistency proof does not fit what it cosigned. */
  | { readonly kind: 'INCONSISTENT'; readonly says: string }
  /** It does not know the log, or its key, or does not understand us: nothing of the tree, somebody must act. */
  | { readonly kind: 'REFUSED'; readonly status: number; readonly says: string }
  | { readonly kind: 'UNREACHABLE'; readonly says: string };

/** A signature line has some hundred bytes, a checkpoint a few thousand. */
const MOST_BYTES = 64 * 1024;

/** Speaks to one witness (C2SP tlog-witness). Never throws for what a witness does. */
export class WitnessClient {
  constructor(
    private readonly at: WitnessAt,
    private readonly patienceMilliseconds = 5_000,
  ) {}

  async addCheckpoint(request: AddCheckpoint, stop?: AbortSignal): Promise<WitnessAnswer> {
    try {
      const response = await this.fetch(`${this.at.url}/add-checkpoint`, stop, formatAddCheckpoint(request));
      return answered(response.status, response.headers.get('content-type') ?? '', await textOf(response));
    } catch (error) {
      return { kind: 'UNREACHABLE', says: reasonOf(error) };
    }
  }

  /** What it cosigned last of the log of this name; undefined where nothing. @throws Error where it cannot be asked */
  async latest(origin: string, stop?: AbortSignal): Promise<string | undefined> {
    try {
      const response = await this.fetch(`${this.at.monitoring}/${monitoringPath(origin)}`, stop);
      const text = await textOf(response);
      if (response.status === 404) return undefined;
      if (response.status === 200) return text;
      throw new Error(`it answers ${response.status}`);
    } catch (error) {
      throw new Error(reasonOf(error), { cause: error });
    }
  }

  private fetch(url: string, stop: AbortSignal | undefined, body?: string): Promise<Response> {
    const patience = AbortSignal.timeout(this.patienceMilliseconds);
    const signal = stop ? AbortSignal.any([patience, stop]) : patience;
    return fetch(url, { redirect: 'error', signal, ...(body !== undefined && { method: 'POST', body }) });
  }
}

function answered(status: number, type: string, text: string): WitnessAnswer {
  const says = text.trim().split('\n')[0]!.slice(0, 200);
  if (status === 200) return { kind: 'COSIGNED', signatures: text.split('\n').filter((line) => line !== '').map(parseSignatureLine) };
  if (status === 422) return { kind: 'INCONSISTENT', says };
  if (status >= 500) return { kind: 'UNREACHABLE', says: `it answers ${status} ${says}` };
  const size = status === 409 && type === SIZE_TYPE && text.endsWith('\n') ? parseSize(text.slice(0, -1)) : undefined;
  return size === undefined ? { kind: 'REFUSED', status, says } : { kind: 'GO_ON_FROM', size };
}

/** Reads no more than an answer can be. */
async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new Error(`its answer is larger than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Of a failed fetch the cause tells more. */
function reasonOf(error: unknown): string {
  if ((error as Error | undefined)?.name === 'TimeoutError') return 'it does not answer in time';
  return messageOf((error as Error | undefined)?.cause ?? error) || messageOf(error);
}
