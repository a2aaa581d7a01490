import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Tier } from './policy/tiers.js';

/** A purpose and an owner. */
@Entity('models')
export class ModelEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') name!: string;
  @Column('text') purpose!: string;
  @Column('text', { name: 'decision_purpose' }) decisionPurpose!: string;
  @Column('text', { array: true }) products!: string[];
  @Column('integer', { name: 'horizon_months' }) horizonMonths!: number;
  @Column('text') tier!: Tier;
  @Column('text', { name: 'permitted_use', nullable: true }) permittedUse!: string | null;
  @Column('text', { nullable: true }) limits!: string | null;
  @Column('uuid', { name: 'owner_id' }) ownerId!: string;
}
