import type { ExportState } from './state.js';

/** What whoever is handed the folder reads first. */
export const readme = ({ scope, until, predictions, events }: ExportState, verifierKeys: readonly string[]): string => `# Evidence exported from Assay

Of: ${Object.entries(scope).filter(([, value]) => value !== undefined).map(([name, value]) => `${name} ${String(value)}`).join(', ')}. Recorded until ${until}: ${predictions} predictions, ${events} other events.

- \`predictions/*.jsonl\`: one prediction on each line, with its log entry, proof of inclusion, signed receipt, columns, sealed record and, unless the customer was erased, what the record held
- \`predictions/*.parquet\`: the same as a table
- \`events/*.jsonl\`: acts of people, one on each line, with entry, proof and receipt
- \`models/<version>/\`: model cards, and the dossier byte for byte as it was voted on
- \`keys/log.txt\`: the keys of the log. Compare them with those that the lender has published: a folder cannot vouch for itself
- \`manifest.json\`: all files with their SHA-256; its own SHA-256 is in the log, in the event EXPORT_COMPLETED
- \`completed.json\`: that event, with entry, proof and receipt: the log's word that this is all of the export

To verify all of it, with no server and no database:

    assay verify --evidence <this folder> ${verifierKeys.map((key) => `--key '${key}'`).join(' ')}
`;
