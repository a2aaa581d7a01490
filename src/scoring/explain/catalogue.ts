import type { FeatureSpec } from '../features/spec.js';

export type Language = 'en' | 'zh';

/**
 * Chinese for the labels that Assay itself proposes, by the English label: a label that somebody changed is no longer
 * translated, so text and feature cannot drift apart.
 */
const LABELS_ZH: Readonly<Record<string, string>> = {
  'Credit utilisation': '信用额度使用率',
  'Change of credit utilisation per period': '信用额度使用率的每期变化',
  'Payments relative to the credit line or the amount of the loan': '还款额占授信额度或贷款金额的比例',
  'Share of the previous balance paid': '上期余额的偿还比例',
  'Share of the amount due that was paid': '应还金额的偿还比例',
  'Smallest payment': '最低一期还款额',
  'Most days past due': '最长逾期天数',
  'Days past due on average': '平均逾期天数',
  'Number of late periods': '逾期期数',
  'Change of days past due per period': '逾期天数的每期变化',
  Product: '产品',
  'Kind of loan': '贷款类型',
  Currency: '币种',
  'Amount of the loan': '贷款金额',
  'Credit limit': '授信额度',
  'Interest rate': '利率',
  Term: '贷款期限',
  'Amount due': '应还金额',
  'Amount paid': '已还金额',
  Balance: '余额',
  'Days past due': '逾期天数',
  'Repayment status': '还款状态',
};

/** Categories of Assay's own fields, by path. */
const CATEGORIES_ZH: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'repayments.status': { NOT_USED: '未使用', PAID_IN_FULL: '全额还清', PARTLY_PAID: '部分还款', LATE: '逾期' },
  'loan.kind': { INSTALMENT: '分期贷款', REVOLVING: '循环额度' },
};

const UNITS_ZH: Readonly<Record<string, string>> = {
  days: '天',
  months: '个月',
  years: '年',
  'a year': '/年',
  periods: '期',
  people: '人',
  credits: '笔',
  level: '级',
  CNY: '元',
  DEM: '德国马克',
  EUR: '欧元',
  GBP: '英镑',
  HKD: '港元',
  JPY: '日元',
  TWD: '新台币元',
  USD: '美元',
};

const CODES: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  AMOUNT_DUE: { en: 'Amounts due in recent periods', zh: '近期应还金额' },
  BALANCE: { en: 'Balances of recent periods', zh: '近期余额' },
  CHECKING_ACCOUNT: { en: 'State of the checking account', zh: '支票账户状况' },
  CONTACT: { en: 'Ways of contact on record', zh: '登记的联系方式' },
  CREDIT_HISTORY: { en: 'Credit history', zh: '信用记录' },
  CREDIT_LIMIT: { en: 'Credit limit', zh: '授信额度' },
  CURRENCY: { en: 'Currency of the loan', zh: '贷款币种' },
  DELINQUENCY: { en: 'Late payments in recent periods', zh: '近期还款逾期' },
  DELINQUENCY_TREND: { en: 'Course of late payments', zh: '逾期的变化趋势' },
  DEPENDANTS: { en: 'People to maintain', zh: '供养人口' },
  EMPLOYMENT: { en: 'Employment', zh: '就业状况' },
  GUARANTORS: { en: 'Guarantors and co-applicants', zh: '担保人与共同申请人' },
  HOUSING: { en: 'Housing', zh: '住房状况' },
  INCOME: { en: 'Income', zh: '收入' },
  INSTALMENT_BURDEN: { en: 'Instalments relative to income', zh: '还款占收入的比例' },
  INTEREST_RATE: { en: 'Interest rate', zh: '利率' },
  LOAN_AMOUNT: { en: 'Amount of the loan', zh: '贷款金额' },
  LOAN_PURPOSE: { en: 'Purpose of the loan', zh: '贷款用途' },
  LOAN_TERM: { en: 'Term of the loan', zh: '贷款期限' },
  LOW_PAYMENTS: { en: 'Size of payments', zh: '还款金额' },
  OTHER_OBLIGATIONS: { en: 'Other loans and instalment plans', zh: '其他贷款与分期' },
  PAYMENTS: { en: 'Payments of recent periods', zh: '近期还款金额' },
  PAYMENT_RATIO: { en: 'Share of what was owed that was paid', zh: '欠款的偿还比例' },
  PRODUCT: { en: 'Product', zh: '产品' },
  PROPERTY: { en: 'Property', zh: '财产' },
  REGION: { en: 'Region', zh: '地区' },
  REPAYMENT_STATUS: { en: 'Repayment status in recent periods', zh: '近期还款状态' },
  RESIDENCE: { en: 'Time at present address', zh: '现住址居住时间' },
  SAVINGS: { en: 'Savings', zh: '储蓄' },
  UTILISATION: { en: 'Share of the credit line in use', zh: '授信额度的使用程度' },
  UTILISATION_TREND: { en: 'Course of the use of the credit line', zh: '额度使用的变化趋势' },
};

/** What each reason code of Assay's proposed features and shipped mappings stands for. Other codes are a model's own. */
export const reasonCodes = (language: Language): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(CODES).map(([code, texts]) => [code, texts[language]]));

/** The label of a feature: the spec's own translation, else the catalogue's, else as given. */
export function labelOf(spec: Pick<FeatureSpec, 'label' | 'labels'>, language: Language): string {
  if (language === 'en') return spec.label;
  return spec.labels?.[language] ?? LABELS_ZH[spec.label] ?? spec.label;
}

/** A category as people read it. */
export function categoryLabel({ source, valueLabels }: Pick<FeatureSpec, 'source' | 'valueLabels'>, category: string, language: Language): string {
  if (language === 'en') return category;
  return valueLabels?.[language]?.[category] ?? CATEGORIES_ZH[source.path]?.[category] ?? YES_NO_ZH[category] ?? category;
}

const YES_NO_ZH: Readonly<Record<string, string>> = { true: '是', false: '否' };

/** The unit of a feature; an age counts its years in 岁. */
export function unitLabel(spec: Pick<FeatureSpec, 'label' | 'labels' | 'unit'>, language: Language): string | undefined {
  const { unit } = spec;
  if (unit === undefined || language === 'en') return unit;
  return unit === 'years' && labelOf(spec, language).includes('年龄') ? '岁' : (UNITS_ZH[unit] ?? unit);
}
