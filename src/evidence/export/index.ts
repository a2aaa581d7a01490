export { EvidenceExporter, type ExportManifest } from './exporter.js';
export { EXPORT_JOBS, ExportJobs } from './export-jobs.js';
export { EvidenceExportResolver } from './export.resolver.js';
export { finishedExport } from './finished.js';
export type { ExportScope } from './scope.js';
