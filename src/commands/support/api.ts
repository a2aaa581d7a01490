import { graphql } from 'graphql';
import { Readable } from 'node:stream';
import { openLocalApp } from '../../app.js';
import { Client } from '../../demo/index.js';
import { readArtefact } from '../../models/index.js';
import { AssayError, badInput, newContext, readConfig } from '../../platform/index.js';
import { openRuntime, type Runtime } from '../../runtime.js';
import { recordReads, type Role } from '../../security/index.js';
import { localContext } from './local-account.js';

/** The API as a command uses it: over HTTP, or in this process as the local account. */
export type Api = Pick<Client, 'query' | 'getArtefact' | 'putArtefact'>;

export interface OpenApi {
  readonly api: Api;
  /** Undefined for a server elsewhere. */
  readonly runtime: Runtime | undefined;
  close(): Promise<void>;
}

/**
 * Opens the API at `url` with the token of ASSAY_TOKEN, or without a URL that of this machine's database, where the
 * local account acts in `roles`. Both ways go through the same resolvers, so permissions and records are the same.
 */
export async function openApi(url: string | undefined, roles: readonly Role[]): Promise<OpenApi> {
  const config = readConfig();
  if (url === undefined) return openLocal(await openRuntime(config), roles);
  if (!URL.canParse(url)) throw badInput(`--url ${url}: give the address of a running Assay, like https://assay.example.com.`);
  if (config.token === undefined) throw badInput('--url needs a token of your identity provider in the environment variable ASSAY_TOKEN.');
  return { api: new Client(url.replace(/\/+$/, ''), config.token), runtime: undefined, close: async () => undefined };
}

async function openLocal(runtime: Runtime, roles: readonly Role[]): Promise<OpenApi> {
  try {
    const app = await openLocalApp(runtime);
    const close = async (): Promise<void> => {
      await app.close();
      await runtime.close();
    };
    const { db, log, config } = runtime;
    const { actor } = await localContext(runtime, roles);
    const api: Api = {
      query: async <Data>(document: string, variables: Record<string, unknown> = {}): Promise<Data> => {
        const ctx = newContext({ db, log, actor });
        const { data, errors } = await graphql({ schema: app.schema, source: document, variableValues: variables, contextValue: ctx });
        await recordReads(ctx);
        if (errors?.[0]) throw errors[0].originalError ?? new AssayError('BAD_INPUT', errors[0].message);
        return data as Data;
      },
      getArtefact: (sha256) => readArtefact(newContext({ db, log, actor }), app.artefacts, sha256),
      putArtefact: async (sha256, bytes) => void (await app.artefacts.put(newContext({ db, log, actor }), sha256, Readable.from([bytes]), config.artefactMaxBytes)),
    };
    return { api, runtime, close };
  } catch (error) {
    await runtime.close();
    throw error;
  }
}
