import { PeopleAndAudit1764000000001 } from './1764000000001-people-and-audit.js';
import { CustomersAndLoans1764000000002 } from './1764000000002-customers-and-loans.js';
import { Models1764000000003 } from './1764000000003-models.js';
import { Predictions1764000000004 } from './1764000000004-predictions.js';
import { Reports1764000000005 } from './1764000000005-reports.js';
import { FourEyes1764000000006 } from './1764000000006-four-eyes.js';
import { GovernancePolicy1764000000007 } from './1764000000007-governance-policy.js';
import { Deployments1764000000008 } from './1764000000008-deployments.js';
import { Decisions1764000000009 } from './1764000000009-decisions.js';
import { Gates1764000000010 } from './1764000000010-gates.js';
import { OverridesAndReviews1764000000011 } from './1764000000011-overrides-and-reviews.js';
import { Notices1764000000012 } from './1764000000012-notices.js';
import { ReviewsAndFindings1764000000013 } from './1764000000013-reviews-and-findings.js';
import { NoWayRound1764000000014 } from './1764000000014-no-way-round.js';
import { MakersAndTiers1764000000015 } from './1764000000015-makers-and-tiers.js';
import { TransparencyLog1764000000016 } from './1764000000016-transparency-log.js';
import { PersonalData1764000000017 } from './1764000000017-personal-data.js';
import { Witnesses1764000000019 } from './1764000000019-witnesses.js';
import { WitnessedRows1764000000022 } from './1764000000022-witnessed-rows.js';
import { WhoWroteRows1764000000023 } from './1764000000023-who-wrote-rows.js';
import { UnderWay1764000000024 } from './1764000000024-under-way.js';
import { PackedLeaves1764000000025 } from './1764000000025-packed-leaves.js';
import { TimesAreTheDatabases1764000000026 } from './1764000000026-times-are-the-databases.js';

/** In the order in which they run. */
export const migrations = [
  PeopleAndAudit1764000000001,
  CustomersAndLoans1764000000002,
  Models1764000000003,
  Predictions1764000000004,
  Reports1764000000005,
  FourEyes1764000000006,
  GovernancePolicy1764000000007,
  Deployments1764000000008,
  Decisions1764000000009,
  Gates1764000000010,
  OverridesAndReviews1764000000011,
  Notices1764000000012,
  ReviewsAndFindings1764000000013,
  NoWayRound1764000000014,
  MakersAndTiers1764000000015,
  TransparencyLog1764000000016,
  PersonalData1764000000017,
  Witnesses1764000000019,
  WitnessedRows1764000000022,
  WhoWroteRows1764000000023,
  UnderWay1764000000024,
  PackedLeaves1764000000025,
  TimesAreTheDatabases1764000000026,
];
