import type { DeploymentRole } from '../deployment.entity.js';
import type { LiveDeployment, LiveModel, ReferCause } from '../routes.js';

/** A model with what is live of it, as the database tells it. */
export interface LiveRow extends Omit<LiveModel, 'champion' | 'canary' | 'challengers' | 'stopped'> {
  /** Oldest first. */
  readonly deployments: readonly (LiveDeployment & { readonly role: DeploymentRole; readonly share: number | null; readonly refer: ReferCause | null })[];
  readonly suspended: boolean;
}

/**
 * Every model of which something is live, or was until it was stopped, in one statement: what decides, what scores
 * beside it, and whether the whole of it is suspended. Only champions and canaries are asked whether they must refer.
 */
export const LIVE = `
  SELECT m.id AS "modelId", m.name AS "modelName", m.horizon_months AS "horizonMonths", m.products,
    m.decision_purpose AS "decisionPurpose", m.deployment_epoch AS epoch, live.deployments,
    EXISTS (SELECT FROM suspensions s WHERE s.model_id = m.id AND s.version_id IS NULL AND s.valid_to IS NULL) AS suspended
  FROM models m
  CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object('deploymentId', d.id, 'role', d.role, 'share', d.share, 'versionId', v.id, 'version', v.version,
        'dossierDigest', encode(v.dossier_digest, 'hex'), 'artefactDigest', encode(a.sha256, 'hex'),
        'refer', CASE WHEN d.role <> 'CHALLENGER' THEN model_refer_cause(m.id, v.id) END) ORDER BY d.valid_from, d.id), '[]') AS deployments
    FROM deployments d
    JOIN model_versions v ON v.id = d.version_id AND v.state = 'APPROVED'
    JOIN model_version_artefacts a ON a.version_id = v.id AND a.kind = 'ONNX'
    WHERE d.model_id = m.id AND d.valid_from <= clock_timestamp() AND (d.valid_to IS NULL OR d.valid_to > clock_timestamp())) live
  WHERE EXISTS (SELECT FROM deployments d WHERE d.model_id = m.id AND d.role = 'CHAMPION')
     OR EXISTS (SELECT FROM suspensions s WHERE s.model_id = m.id AND s.version_id IS NULL AND s.valid_to IS NULL)
  ORDER BY m.id`;
