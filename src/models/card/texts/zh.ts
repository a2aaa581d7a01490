import { percentDigits, type CardTexts } from './en.js';
import { gateInChinese, qualityInChinese } from './findings.zh.js';
import { NAMES_ZH } from './names.zh.js';
import { storedInChinese } from './stored.zh.js';

const of = (count: number, unit: string): string => `${count.toLocaleString('en-US')} ${unit}`;

/** The card in Chinese. Persons' own words stay as they were written. */
export const ZH: CardTexts = {
  html: 'zh-Hans',
  names: NAMES_ZH,
  notRecorded: '未记录',
  none: '无',
  percent: (x) => `${percentDigits(x)}%`,
  colon: '：',
  sentences: (...parts) => parts.join(''),
  bracketed: (text) => `（${text}）`,
  joined: (parts) => parts.join('、'),
  range: (low, high) => `${low} 至 ${high}`,
  interval: (level) => `${100 * level}% 置信区间`,
  inQuotes: (text) => `“${text}”`,
  stored: storedInChinese,

  cardTitle: (model, version) => `${model}，第 ${version} 版`,
  subtitle: '模型卡',
  contents: '目录',
  notRegistered: '该版本尚未登记，暂无治理信息。',
  figure: (at, caption) => `图 ${at}　${caption}`,
  plotElsewhere: '图形见 HTML 版模型卡。',

  tiles: {
    auc: 'AUC', ks: 'KS', ece: '校准误差', measured: '评估贷款数', line: '批准线（违约概率低于）', ratio: '最低批准率之比', parity: '与训练模型的最大差异',
    defaults: (count) => `其中违约 ${count.toLocaleString('en-US')} 笔`, goal: (least) => `惯例要求不低于 ${least}`, bar: (bar) => `上限 ${bar}`,
    separation: '违约与正常贷款分布的最大差距', eceNote: '违约概率与实际违约率的平均差距', otherwise: '其余转人工审核或拒绝',
  },

  details: {
    title: '模型概况', model: '模型', version: '版本', state: '状态', purpose: '输出含义', decision: '所服务的决策', products: '适用产品', horizon: '预测期限', months: (count) => of(count, '个月'), tier: '重要性等级', owner: '模型负责人', contact: '联系方式', registered: '登记时间', review: '下次复审日期', overdue: (day) => `${day}（已逾期）`,
    family: '模型类型', source: '训练所用软件', sourceFile: '原始提交文件', adapted: '接入时的调整', features: '特征数', served: '线上运行形式', servedAs: '单一 ONNX 计算图：违约概率、对数几率及其梯度', calibration: '校准', platt: (slope, intercept) => `Platt 校准：对数几率 × ${slope} ${intercept}`, isotonic: (knots) => `保序回归，${knots} 个节点`,
    artefacts: '组成文件', artefact: '文件', digest: 'SHA-256 摘要', training: '训练过程', backend: '计算后端', seed: '随机种子', seconds: '耗时（秒）', trainedBy: '训练人', settings: '超参数',
    parity: '线上模型与训练模型的一致性', parityFound: (rows, difference, bar) => `在 ${of(rows, '行')}样本上，违约概率最大相差 ${difference}（上限 ${bar}）`,
  },
  use: {
    title: '预期用途', owner: '制作者的说明：', permitted: '许可用途', limits: '使用限制', decides: (decision, products, months) => `模型给出贷款在 ${months} 个月内发生违约的概率。所服务的决策：${decision}。适用产品：${products}。`,
    beyond: '除此之外的任何用途均不在适用范围内，包括其他产品、其他预测期限，以及与训练样本不同的人群。不应依赖模型的情形见“注意事项与局限”。',
    human: '违约概率按本规则转化为决策。介于批准线与拒绝线之间、或规则另有要求时，由人工决定；人工也可以附理由推翻模型决策。',
  },
  factors: {
    title: '相关因素', text: '模型表现按人群和决策时间分别考察。受保护属性从不作为模型输入：它们与模型可见的数据分开保存，仅用于按决策当时的情况划分群体、评估表现。',
    attribute: '受保护属性', groups: '已评估群体', skipped: '样本过少、无法评估', noAttributes: '贷款簿中没有任何受保护属性，因此无法按群体评估。', vintages: '决策季度',
  },
  metrics: {
    title: '评估指标', head: ['指标', '数值', '含义'], text: (threshold) => `违约概率达到 ${threshold} 及以上即视为预测违约，该值即批准线。`,
    names: {
      auc: ['AUC', '违约贷款的违约概率高于正常贷款的可能性；0.5 为无区分力，1 为完全区分'], gini: ['基尼系数', '2 × AUC − 1'], ks: ['KS', '违约贷款与正常贷款分布的最大差距'], brier: ['布里尔分数', '违约概率的均方误差，越低越好'],
      logLoss: ['对数损失', '结果的平均负对数似然，越低越好'], ece: ['校准误差（ECE）', '十个分箱内违约概率与实际违约率的平均差距'], accuracy: ['准确率', '预测正确的贷款占比'], precision: ['精确率', '预测违约者中实际违约的占比'], recall: ['召回率', '实际违约者中被预测到的占比'], f1: ['F1', '精确率与召回率的调和平均'],
    },
    confusion: '批准线处的结果', confusionHead: ['', '实际违约', '实际未违约'], predictedBad: '未批准（违约概率达到或高于批准线）', predictedGood: '批准（违约概率低于批准线）', bootstrap: (resamples) => `区间由自助法（bootstrap）得出，重抽样 ${resamples} 次。`,
  },
  evaluationData: {
    title: '评估数据', measuredOn: '评估样本', holdout: '留出样本，训练时从未使用', training: '训练样本本身', loans: '贷款数', defaults: '其中违约', split: '样本划分', described: '划分说明', seed: '划分种子', trainLoans: '用于训练的贷款', heldLoans: '留出的贷款', psi: '违约概率的稳定性（训练与留出样本之间的 PSI）',
    psiNote: '惯例上 PSI 低于 0.1 为稳定，达到 0.25 应采取行动。', flatter: '没有留出样本：在训练样本上测得的指标会偏于乐观。',
  },
  trainingData: {
    title: '训练数据', source: '来源', asOf: '结果截止时间', loans: '贷款数', defaults: '其中违约', fingerprint: '数据指纹（规范化数据行的 SHA-256）', quality: '数据质量', counts: '问题数：高、中、低', clean: '未发现问题。', head: ['严重程度', '检查项', '特征', '测得值', '限值', '发现'], overrides: '附理由放行的严重问题', overrideHead: ['检查项', '特征', '理由'],
    hidden: '涉及人群的问题未在此列出：查看需要 model:fairness 权限。', found: qualityInChinese, asDecided: '每笔贷款均按其决策当时的情况读取，所用代码与线上评分相同。',
  },
  analyses: {
    title: '定量分析', calibration: '校准', calibrationHead: ['贷款数', '平均违约概率', '实际违约率'], vintages: '按决策季度', sliceHead: ['', '贷款数', '违约数', '违约率', '平均违约概率', 'AUC', '批准率'], champion: '与冠军版本比较', championName: '当时的冠军版本', both: '两者均可评分的留出贷款', thisAuc: '本版本 AUC', championAuc: '冠军版本 AUC', difference: '差异', error: '差异的标准误（DeLong）', z: 'z 值', p: 'p 值（双侧）',
    crossValidation: '训练样本上的交叉验证', foldHead: ['', '贷款数', '违约数', 'AUC', 'KS', '布里尔分数', 'ECE'], fold: (at) => `第 ${at} 折`, mean: '平均', deviation: (auc) => `各折 AUC 的标准差：${auc}。`, search: '超参数搜索',
    searched: (trials, failed, folds, criterion) => `共 ${trials} 次试验，其中 ${failed} 次失败；在训练样本的 ${folds} 折上按 ${criterion} 评判，从未使用留出样本。`, trialHead: ['试验', '状态', '完成轮数', '对数损失', 'AUC', '参数'], best: '选定', shownTrials: (shown, all) => `列出 ${all} 次试验中最好的 ${shown} 次；全部试验见构建报告。`,
  },
  groups: {
    title: '按人群的定量分析', head: ['群体', '贷款数', '违约数', '违约率', '平均违约概率', 'AUC', '批准率', '批准率之比'],
    text: (least) => `批准率之比：某群体的批准率 ÷ 批准率最高群体的批准率。按五分之四规则，该比值低于 ${least} 时应说明理由；条形图中的竖线即为该值。这是经验规则，并非法定界限。`, skipped: (names) => `样本过少、无法评估：${names}。`, forbidden: '各群体的表现仅向持有 model:fairness 权限者披露。', lowest: (ratio, verdict) => `最低比值：${ratio}，${verdict}。`, above: '达到惯例要求', below: '低于惯例要求',
    summary: '表决所签署档案中的内容', summaryHead: ['受保护属性', '已评估群体', '样本过少、无法评估', '最低批准率之比'], nobody: '无人获批，或没有足够大的群体，因此没有比值。',
  },
  explanation: {
    title: '解释与理由', method: '方法', rows: '用于检验的贷款数', residual: '95% 的残差小于', logOdds: (x) => `${x}（对数几率）`,
    text: '每笔预测都以归因值解释：归因值是申请人与一组有记录的、位于批准线附近的获批申请人之间对数几率差异的分摊。除残差外，各归因值之和即为评分；残差同样记录在案。',
    reasons: '告知申请人的理由，是推高违约风险最多的归因：包括特征的理由代码、申请人自身的取值，以及获批申请人的通常取值。同一记录可随时重放。', head: ['特征', '平均绝对归因值', '占比', '平均归因值'], importance: '模型关注什么', example: '样本中风险最高的申请人的解释；不显示任何人的取值。',
  },
  policy: {
    title: '决策规则', approve: '违约概率低于此值即批准', decline: '违约概率达到此值即拒绝', refer: '无论违约概率如何，遇下列情形转人工审核', version: '规则版本', rule: '批准线的确定方式', cost: (ratio) => `按成本：漏掉一笔违约的成本是误拒一笔正常贷款的 ${ratio} 倍`, approval: (share) => `按批准率：批准 ${share} 的申请人`, given: '采用给定的规则，或以贷款簿的违约率为准', head: ['违约概率', '等级', '决策'],
    bandFrom: (low) => `${low} 及以上`, bandBelow: (high) => `低于 ${high}`, between: (low, high) => `${low} 至 ${high} 以下`,
  },
  scorecard: {
    title: '评分卡', head: ['属性', '分箱', '贷款数', '违约数', '证据权重', '分值'], period: (label, period) => `${label}（${period === 0 ? '最近一期' : `往前第 ${period} 期`}）`,
    text: (base, points, odds, doubling) => `总分 = ${base} + 各属性所在分箱的分值。${points} 分对应违约几率 1 : ${odds}；每增加 ${doubling} 分，违约几率减半。`,
  },
  ethics: {
    title: '伦理考量', owner: '制作者的说明：', law: '按《欧盟人工智能法案》附件三，评估自然人的信用状况属于高风险用途。', apart: '受保护属性不作为输入，但其他特征可能成为其替代，因此需要按群体评估。', rights: '可以告知申请人理由，以及改变哪些情况会改变结果；申请人也可以要求人工复核。',
    privacy: '组成文件中不含姓名。参照集与一致性校验样本含有单个申请人的特征取值，仅向持有 prediction:detail 权限者提供。',
  },
  caveats: {
    title: '注意事项与局限', owner: '制作者的说明：', found: '数据本身所揭示的问题：', noneFound: '已记录的数据未显示其他需要注意之处。', flatter: '没有留出样本，指标偏于乐观。', wide: (low, high) => `AUC 的区间较宽：${low} 至 ${high}。`, unstable: (psi) => `违约概率在训练样本与留出样本之间发生偏移（PSI ${psi}）。`,
    overrides: (count) => `数据中有 ${count} 项严重问题附理由放行。`, few: (count) => `评估样本中仅有 ${count} 笔违约。`, skipped: (count) => `有 ${count} 个群体样本过少、无法评估。`, low: (attribute, ratio) => `按${attribute}划分，最低批准率之比为 ${ratio}，低于五分之四规则。`, noGroups: '未按人群评估。', elsewhere: '模型在别处训练：其制作者是否曾用部分评估贷款训练，此处无从得知。',
    noReport: '没有构建报告：曲线、特征重要性和群体表现均未记录。', drift: (features) => `训练样本前后两半之间存在漂移的特征：${features}。`,
  },
  governance: {
    title: '准入检查与审批', makers: '制作者', makersNote: '制作者一律不得参与表决；数据库同样会拒绝其表决。', makerHead: ['人员', '参与事项', '时间'], votes: '表决', voteHead: ['人员', '身份', '意见', '时间', '依据', '所阅档案'], noVotes: '尚无人表决。', missing: (votes) => `尚缺：${votes}。`, missingOf: (count, role) => `${role} ${count} 名`, steps: '历程', by: (who) => who,
    deployments: '部署', deploymentHead: ['角色', '自', '至', '操作人', '理由'], noDeployments: '从未上线。', still: '至今', gates: '准入检查', noGates: '提交时进行准入检查。', gateHead: ['检查', '结论', '测得值', '阈值', '单位', '来源', '检查所得'], findings: '验证发现', findingHead: ['严重程度', '发现', '负责人', '期限', '处理结果'], noFindings: '尚无验证发现。', open: '未解决', waivers: '豁免', waiverHead: ['检查', '理由', '提出人', '第二人', '到期'], noWaivers: '没有豁免任何检查。', lapsed: (day) => `${day}（已失效）`, otherDossier: '其他档案：不计入', expired: '已过期：不计入', suspended: (what, since, by) => `${what === 'model' ? '该模型的所有版本' : '本版本'}目前不作任何决策：${by} 于 ${since} 停用。`, share: (percent) => `（${percent}）`,
    found: gateInChinese, reviews: '模型定期复审', reviewHead: ['结论', '复审人', '时间', '依据', '下次复审期限'], noReviews: '尚无复审。', unfit: (on, by) => `最近一次定期复审认定该模型不适用，不应再作决策：${by}，${on}。`, unfitBadge: '最近一次复审认定不适用', suspendedBadge: '目前不作任何决策',
  },
  features: { title: '输入特征', head: ['特征', '数据来源', '类型', '单位', '变换', '缺失时', '取值上升时风险', '理由代码'], count: (count) => `模型只使用以下 ${count} 个特征，别无其他。`, periods: (count) => (count === 1 ? '最近一期' : `最近 ${count} 期`), allPeriods: '全部各期', earlier: (lag) => `往前 ${lag} 期`, orElse: '，否则 ', ratio: '比例' },
  verify: {
    title: '重放与核验', digest: '档案摘要', text: '表决所签署的就是这一摘要：档案规范化 JSON（RFC 8785）的 SHA-256；档案又以各自的 SHA-256 指明每个组成文件。任何内容改动一个字节，表决即告无效。无需安装 Assay，任何人都可以核验：', commands: (id) => `assay export --version ${id} --out version\ncd version && sha256sum -c SHA256SUMS && sha256sum dossier.json`,
    more: '使用 Assay 还可以对一致性校验样本重新评分：', verify: 'assay verify --folder version', folder: 'sha256sum dossier.json', replay: '每笔预测都保存其输入与所用版本，可用这些文件重放得到同一数值：', replayQuery: 'query { prediction(id: "…") { replay { reproduced maxAbsDifference runtime } } }',
  },
  readers: {
    title: '审查要点索引', head: ['要求', '所在章节'], beyond: '模型卡不包括：风险管理体系、质量管理体系、符合性声明以及投入使用后的监测计划，这些由提供者另行保存。', annexIv1: '《欧盟人工智能法案》附件四第 1 项：总体说明、预期用途', annexIv2: '附件四第 2 项：设计、数据、验证与测试、人工监督', annexIv3: '附件四第 3 项：能力、局限、对不同人群的准确性', annexIv4: '附件四第 4 项：为何采用这些指标', annexIv6: '附件四第 6 项：生命周期中的变更',
    art13: '《欧盟人工智能法案》第 13 条第 3 款：身份与联系方式、用途、准确性、人群、输入、如何解读输出', art14: '《欧盟人工智能法案》第 14 条：人工监督与停用', art86: '《欧盟人工智能法案》第 86 条、美国 Reg B § 1002.9：单项决策的解释、具体理由', development: '模型风险管理指引（SR 11-7 及其后续）：开发与概念合理性', outcomes: '结果分析、与冠军版本对标', validation: '独立验证、有效质疑、审批', inventory: '模型清单：负责人、用途、使用范围、等级、复审日期', reproducible: '可供他人重复的文档',
  },
  plots: {
    roc: '在各个阈值下，识别出的违约贷款与被拒的正常贷款。', calibration: '落在对角线上意味着：违约概率为 5% 时，实际有 5% 违约。', gains: '全部违约中有多少集中在风险最高的贷款里。', distribution: '正常贷款与违约贷款的评分分布；重叠越少越好。', importance: '平均绝对归因值，以对数几率计。', prediction: '一位申请人的对数几率是如何构成的。',
    dependence: '将某一特征设为某值、其余特征不变时的平均违约概率。', drift: '特征在较早与较晚的贷款之间移动了多少。', history: '训练样本与验证样本上的损失，逐轮变化。', trials: '尝试过的参数组合。',
  },
};
