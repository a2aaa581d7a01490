import { isCheckName, type CheckName } from '../../../scoring/index.js';
import { told } from '../../gates/finding.js';
import type { GateName } from '../../gates/types.js';
import type { CardGate } from '../source.js';
import { percentDigits } from './en.js';

/** What a gate says, from its figures. The stored sentence is English. */
interface GateWords {
  /** By what was measured, and the limit. */
  found(measured: number, threshold: number): string;
  readonly remedy: string;
  /** There is no figure to judge by, and what would give one. */
  readonly missing?: readonly [found: string, remedy: string];
  readonly notApplicable?: string;
}

const REGISTER_SOUND = '请用完好的文件重新登记版本。';
const HOLD_OUT = '请在训练时留出部分贷款（assay train --split），在其上评估后登记该版本。';
const BUILD_WITH = '请构建含有该报告的版本（assay train、assay adopt）并登记。';
const SMALLER = '请训练更小的模型';

const GATES: Readonly<Record<GateName, GateWords>> = {
  PARITY: {
    found: (most, bar) => `对一致性校验样本重新评分，违约概率与训练模型最大相差 ${told(most)}，上限为 ${told(bar)}；档案所载结果须与此相符。`,
    remedy: '请从同一次构建重新导出模型与样本，并据此登记版本。',
    missing: ['一致性校验样本无法重新评分。', '请从同一次构建重新导出模型与样本，并据此登记版本。'],
  },
  ARTEFACT_SCAN: { found: (operators) => `各文件相互匹配；计算图有 ${told(operators)} 个算子，均为已知算子，并可在独立进程中运行。`, remedy: REGISTER_SOUND, missing: ['文件缺失、损坏、互不匹配，或无法安全载入。', REGISTER_SOUND] },
  DISCRIMINATION: {
    found: (difference, least) => `在相同样本上，AUC 与现任冠军版本之差为 ${told(difference)}，不得低于 ${told(least)}。`,
    remedy: '请训练区分能力不逊于冠军版本的版本。',
    missing: ['档案没有与现任冠军版本在相同样本上的比较。', '请与现任冠军版本在相同留出样本上比较后重新构建（assay train --against），并登记该版本。'],
    notApplicable: '模型尚无冠军版本可比。',
  },
  CALIBRATION: {
    found: (ece, most) => `在留出样本上，预期校准误差为 ${told(ece)}，上限为 ${told(most)}。`,
    remedy: '请校准该版本（Platt 或保序回归）；若样本过少使数值波动，请留出更多贷款。',
    missing: ['没有留出样本上的校准误差：未予记录，或在训练样本上测得而偏于乐观。', HOLD_OUT],
  },
  STABILITY: {
    found: (psi, most) => `违约概率在训练与留出样本之间的 PSI 为 ${told(psi)}，上限为 ${told(most)}。`,
    remedy: '请查明两者之间发生了什么变化，并用与将来评分对象相似的贷款训练。',
    missing: ['没有训练与留出样本之间的 PSI：未予记录，或没有留出样本。', HOLD_OUT],
  },
  DATA_QUALITY: {
    found: (left) => `训练数据中未附理由放行的严重问题有 ${told(left)} 项。`,
    remedy: '请修正数据，或逐项附理由放行（assay train --override），再重新登记版本。',
    missing: ['档案没有数据质量报告。', BUILD_WITH],
  },
  EXPLANATION: {
    found: (residual, most) => `95% 的解释所余残差小于 ${told(residual)}（对数几率），上限为 ${told(most)}；每个特征均有理由代码。`,
    remedy: '请训练更平滑的模型，或对数几率为线性的模型，后者可精确解释。',
    missing: ['未记录解释所余的残差，或文件无法载入。', BUILD_WITH],
  },
  FAIRNESS: {
    found: (ratio, least) => `各群体批准率之比最低为 ${told(ratio)}，不得低于 ${told(least)}（五分之四规则）；各属性的比值见“按人群的定量分析”。`,
    remedy: '请找出造成差异的特征并逐一判断是否必要；去掉不必要的特征重新训练，或在豁免中说明差异的正当理由。',
    missing: ['档案与构建报告均没有公平性报告。', BUILD_WITH],
    notApplicable: '所评估的贷款没有已知的受保护属性，或没有足够大的群体可比，因此没有比值。',
  },
  MODEL_CARD: {
    found: (empty) => (empty === 0 ? '模型卡已说明预期用途、局限、伦理与联系方式。' : `预期用途、局限、伦理与联系方式四项中，有 ${told(empty)} 项未予说明。`),
    remedy: '请补写，并据此重新登记版本。',
  },
  FINDINGS: { found: (open) => (open === 0 ? '该版本及其模型没有未解决的高严重程度发现。' : `尚有 ${told(open)} 项高严重程度的发现未解决，见“验证发现”。`), remedy: '请由其负责人处理（resolveFinding），再由验证人接受。' },
  LATENCY: {
    found: (milliseconds, most) => `一次含解释的预测耗时 ${told(milliseconds)} 毫秒（中位数），上限为 ${told(most)} 毫秒。`,
    remedy: `${SMALLER}，或带梯度输出的模型，后者解释更快。`,
    missing: ['文件无法载入或解释，因此无法计时。', REGISTER_SOUND],
  },
  SIZE: { found: (bytes, most) => `各文件共 ${told(bytes)} 字节，上限为 ${told(most)} 字节。`, remedy: `${SMALLER}，或在档案中不附 LayersModel。` },
};

/** Without a figure the sentence of the failure itself tells most: a message of the checks, which are not translated. */
const MESSAGES: ReadonlySet<GateName> = new Set(['PARITY', 'ARTEFACT_SCAN', 'LATENCY']);

/** What a gate found, and where it does not pass by itself what would satisfy it. */
export function gateInChinese({ gate, verdict, measured, threshold, source, text }: CardGate, isHidden: boolean): string {
  const { found, remedy, missing, notApplicable } = GATES[gate];
  if (isHidden) return '其依据仅向持有 model:fairness 权限者披露。';
  if (verdict === 'NOT_APPLICABLE') return notApplicable ?? '没有可供判断的内容。';
  const fails = verdict !== 'PASS';
  if (measured !== null) return `${found(measured, threshold ?? 0)}${fails ? remedy : ''}`;
  if (source === 'the feature schema') return '有特征缺少理由代码。请为每个特征给出理由代码，并重新构建版本。';
  const [says, then] = missing ?? ['没有可供判断的数值。', remedy];
  return `${says}${MESSAGES.has(gate) ? `检查信息（原文）：“${text}”` : ''}${fails ? then : ''}`;
}

const share = (value: number): string => `${percentDigits(value)}%`;

const CHECKS: Readonly<Record<CheckName, (value: number, threshold: number) => string>> = {
  'missing-values': (value) => `${share(value)} 的行没有取值；请核查其来源，或不使用该特征。`,
  constant: () => '每一行取值都相同，无从区分贷款；请不使用该特征。',
  'duplicate-column': () => '每一行取值都与另一特征相同；请只保留其一，以免归因在两者之间分摊。',
  'high-cardinality': (value) => `有 ${told(value)} 个不同类别；请在映射中归并或采用证据权重，若其标识的是贷款或客户则不使用。`,
  'leaking-values': (value) => `单凭其取值区分违约与正常贷款，AUC 即达 ${told(value)}，好得不合情理；请核查是否在结果之后记录，若是则不使用。`,
  'leaking-presence': (value) => `单凭其是否缺失区分违约与正常贷款，AUC 即达 ${told(value)}；很可能在结果之后填写：请不使用，或取决策当时的值。`,
  'known-after-decision': (value) => `${share(value)} 的行取值来自决策之后，申请人不可能具备；请取决策当时的值，或不使用。`,
  'outcome-before-decision': (value) => `${share(value)} 的贷款在决策之前已知结果；请更正映射中的日期。`,
  'duplicate-rows': (value) => `${share(value)} 的行与更早的行在所有取值和结果上完全相同；请确认没有贷款被重复导入，划分两侧的副本会使指标偏于乐观。`,
  'conflicting-rows': (value) => `${share(value)} 的行取值相同而结果不同，任何模型都无法区分；请核对结果，或增加能够区分的特征。`,
  'label-rate': (value, threshold) => `违约率为 ${share(value)}；${value <= threshold ? '请确认结果完整。' : '请确认违约定义与样本符合本意，并按贷款簿的违约率校准。'}`,
  'few-outcomes': (value, threshold) => `较少的一类结果只有 ${told(value)} 笔，每类至少需要 ${told(threshold)} 笔；请记录更多结果。`,
  'group-size': (value) => `最小的群体只有 ${told(value)} 行，样本过少，分群数字没有意义；请合并群体，或收集更多样本。`,
  'group-label-rate': (value) => `各群体违约率最高与最低之比为 ${told(value)}，模型会重现这一差异；批准前请查看公平性数字。`,
  'time-gap': (value) => `有 ${told(value)} 个季度没有作出决策的贷款；请核查导入是否完整。`,
  'time-label-rate': (value) => `各季度违约率最高与最低之比为 ${told(value)}；请确认较新的贷款有足够时间显现违约，并按时间划分评估。`,
  drift: (value) => `其分布在前后两半贷款之间发生变化（PSI ${told(value)}）；请查明原因，并优先按时间划分。`,
  'missing-drift': (value) => `其缺失的频率在前后两半贷款之间发生变化（PSI ${told(value)}）；请查明原因，并优先按时间划分。`,
};

/** What a check of the data found, from its figures; of a check that this release does not know, as it was stored. */
export const qualityInChinese = ({ check, message, value, threshold }: QualityFinding): string =>
  isCheckName(check) && value != null ? CHECKS[check](value, threshold ?? 0) : message;

export interface QualityFinding {
  readonly check: string;
  readonly message: string;
  readonly value?: number | null | undefined;
  readonly threshold?: number | null | undefined;
}
