/**
 * What Assay itself writes into dossiers and reports, in English, and its Chinese. `{}` stands for a name or a number, which
 * is carried over. Earlier releases stored these words, so a sentence that is changed where it is made is added here,
 * never replaced.
 */
const STORED: readonly (readonly [english: string, chinese: string])[] = [
  // Bins of a scorecard, and bands of an attribute (scoring/version/scorecard.ts, models/training/groups.ts).
  ['missing', '缺失'],
  ['any value', '任何取值'],
  ['below {}', '低于 {}'],
  ['{} to below {}', '{} 至 {} 以下'],
  ['{} and above', '{} 及以上'],
  // Splits (models/training/splits.ts).
  ['{} held out by a seeded hash of the customer', '按客户的种子哈希留出 {}'],
  ['the {} decided last held out', '留出最晚作出决策的 {}'],
  ['{}: {} rows', '{}：{} 行'],
  // Where it comes from (commands/train/plan.ts, models/training/champion.ts).
  ['recorded loans of {}', '已记录的贷款：{}'],
  ['version {} ({})', '第 {} 版（{}）'],
  ['version {}', '第 {} 版'],
  // What was done to a model from elsewhere (scoring/onnx/adopt/adopt.ts, models/training/adopt-version.ts).
  ['The input "{}" is now "features".', '输入“{}”改名为“features”。'],
  ['The input "{}" is now "features", cast to float64 for the graph.', '输入“{}”改名为“features”，并转为 float64 供计算图使用。'],
  ['The score is the one number of "{}", a log-odds.', '评分取“{}”的唯一数值，为对数几率。'],
  ['The score is the one number of "{}", a probability.', '评分取“{}”的唯一数值，为概率。'],
  ['The score is the second of the two classes of "{}", a log-odds.', '评分取“{}”两类中的第二类，为对数几率。'],
  ['The score is the second of the two classes of "{}", a probability.', '评分取“{}”两类中的第二类，为概率。'],
  ["The log-odds are the graph's own.", '对数几率由计算图自身给出。'],
  [
    'The log-odds are computed in float64 from the float32 probability kept {} away from 0 and 1, so they lie within ±16.64 and are exact to about 6e-8 / (p·(1 − p)).',
    '对数几率以 float64 由 float32 概率算出；概率与 0 和 1 至少相距 {}，故对数几率在 ±16.64 之内，精度约为 6e-8 / (p·(1 − p))。',
  ],
  ['A calibration (Platt) was put behind the log-odds.', '在对数几率之后加入校准（Platt）。'],
  ['A calibration (isotonic) was put behind the log-odds.', '在对数几率之后加入校准（保序回归）。'],
  ['Compiled from a TensorFlow.js LayersModel.', '由 TensorFlow.js 的 LayersModel 编译而成。'],
  ['Measured on held-out loans of the book; whether its maker had trained on some of them is not known here.', '在贷款簿的留出贷款上评估；其制作者是否曾用其中部分贷款训练，此处无从得知。'],
];

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const PATTERNS = STORED.map(([english, chinese]) => ({ pattern: new RegExp(`^${english.split('{}').map(escaped).join('(.+?)')}$`, 's'), chinese }));

/** Words of ours that were stored in English, in Chinese; what is not known as ours stays as it is. */
export function storedInChinese(text: string): string {
  for (const { pattern, chinese } of PATTERNS) {
    const found = pattern.exec(text);
    if (found) return found.slice(1).reduce((said, value) => said.replace('{}', () => value), chinese);
  }
  return text;
}
