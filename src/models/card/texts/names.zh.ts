import type { CardNames } from './names.en.js';

export const NAMES_ZH: CardNames = {
  states: { DRAFT: '草稿', SUBMITTED: '已提交', VALIDATED: '已通过验证', APPROVED: '已批准', REJECTED: '已否决', WITHDRAWN: '已撤回', SUSPENDED: '已暂停', RETIRED: '已退役' },
  acts: { REGISTER: '登记', EDIT: '修改', SUBMIT: '提交', WITHDRAW: '撤回', VALIDATE: '验证通过', INVALIDATE: '验证未通过', APPROVE: '批准', REJECT: '否决', DEPLOY: '部署', SUSPEND: '暂停', RESUME: '恢复', RETIRE: '退役' },
  parts: { REGISTERED: '登记', BUILT: '上传构件', TRAINED: '训练', EDITED: '修改', SUBMITTED: '提交' },
  roles: { VALIDATOR: '独立验证人', ADMIN: '审批人' },
  deployments: { CHAMPION: '冠军版本：作出决策', CHALLENGER: '挑战者版本：仅评分，不决策', CANARY: '灰度版本：对部分申请作出决策' },
  tiers: { HIGH: '高', MEDIUM: '中', LOW: '低' },
  verdicts: { FOR: '赞成', AGAINST: '反对' },
  gateVerdicts: { PASS: '通过', FAIL: '未通过', WAIVED: '已豁免', NOT_APPLICABLE: '不适用' },
  gates: {
    PARITY: '与训练模型的一致性', ARTEFACT_SCAN: '文件安全扫描', DISCRIMINATION: '区分能力（对比冠军版本）', CALIBRATION: '校准', STABILITY: '稳定性', DATA_QUALITY: '数据质量', EXPLANATION: '解释的完整性', FAIRNESS: '公平性',
    MODEL_CARD: '模型卡', FINDINGS: '未解决的验证发现', LATENCY: '响应时间', SIZE: '文件大小',
  },
  gateSources: {
    'the parity sample, scored again here': '一致性校验样本，现场重新评分', 'the artefacts, inspected and loaded here': '各组成文件，现场检查并载入', 'measured here, on the runtime that serves': '在线上运行环境上现场测得',
    'the feature schema': '特征定义', 'the findings recorded': '已记录的验证发现', 'the stored artefacts': '已存储的组成文件',
  },
  reviewOutcomes: { FIT: '适用', FIT_WITH_CONDITIONS: '有条件适用', UNFIT: '不适用：不应再作决策' },
  criteria: { 'log-loss': '对数损失', brier: '布里尔分数', auc: 'AUC' },
  units: { PD: '违约概率', AUC: 'AUC', PSI: 'PSI', operators: '个算子', findings: '项', 'log-odds': '对数几率', ratio: '比值', sections: '个部分', ms: '毫秒', bytes: '字节' },
  purposes: { ORIGINATION: '是否批准贷款申请', ACCOUNT_REVIEW: '存量贷款的复审' },
  families: { scorecard: '评分卡：基于证据权重的逻辑回归', mlp: '多层感知机', cnn: '对还款历史作一维卷积的神经网络', foreign: '在别处训练，以 ONNX 格式接入' },
  splits: { random: '按客户随机划分（固定种子）', time: '按时间划分：留出最晚作出决策的贷款', file: '按指定文件划分', seeded: '按固定种子随机划分' },
  artefacts: { ONNX: 'ONNX 模型', FEATURE_SCHEMA: '特征定义', REFERENCE_SET: '参照集', PARITY_SAMPLE: '一致性校验样本', LAYERS_MODEL: 'LayersModel（TensorFlow）', REPORT: '构建报告' },
  decisions: { APPROVE: '批准', REFER: '转人工审核', DECLINE: '拒绝' },
  flags: { MISSING: '存在缺失值', OUT_OF_RANGE: '数值超出范围', UNKNOWN_CATEGORY: '出现未知类别', SENTINEL: '数值代表“未知”', NOVEL: '申请人整体上不同于训练样本' },
  severities: { HIGH: '高', MEDIUM: '中', LOW: '低' },
  checks: {
    'missing-values': '缺失值', constant: '取值恒定', 'duplicate-column': '重复列', 'high-cardinality': '类别过多', 'leaking-values': '取值泄漏结果', 'leaking-presence': '有无取值泄漏结果',
    'known-after-decision': '决策后才可知', 'outcome-before-decision': '结果早于决策', 'duplicate-rows': '重复行', 'conflicting-rows': '相互矛盾的行', 'label-rate': '违约率', 'few-outcomes': '结果样本过少',
    'group-size': '群体样本过少', 'group-label-rate': '群体间违约率差异', 'time-gap': '时间断档', 'time-label-rate': '违约率随时间的变化', drift: '数据漂移', 'missing-drift': '缺失率漂移',
  },
  methods: {
    linear: '权重 × 与参照集均值之差（精确）', 'expected-integrated-gradients': '期望积分梯度：自每位参照申请人出发的路径积分', 'permutation-shapley': '沙普利值（Shapley）：按特征排列顺序抽样估计',
  },
  settings: {
    family: '模型族', layers: '隐藏层单元数', ensemble: '集成网络数', epochs: '最大轮次', batchSize: '批大小', calibration: '校准方法', convolution: '卷积', dropout: '随机失活率', l2: '权重平方惩罚（L2）',
    learningRate: '学习率', loss: '损失函数', patience: '早停等待轮次', schedule: '学习率调度', seed: '随机种子', validationFraction: '验证集占比', classWeights: '结果类别权重',
  },
  types: { numeric: '数值', categorical: '类别', boolean: '是/否', sequence: '历史序列' },
  transforms: { none: '原值', standardise: '标准化', robust: '稳健缩放', log: '取对数', quantile: '分位数变换', 'weight-of-evidence': '证据权重（WOE）', 'one-hot': '独热编码' },
  missing: { median: '取常见值', constant: '取常数', indicator: '单列标示', required: '拒绝评分' },
  trends: { increasing: '随之上升', decreasing: '随之下降' },
  trials: { FINISHED: '已完成', DROPPED: '提前淘汰', FAILED: '失败' },
  aggregates: { mean: '平均值', min: '最小值', max: '最大值', last: '最近值', sum: '合计', trend: '趋势', 'count-positive': '大于零的期数' },
};
