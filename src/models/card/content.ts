import type { Language } from '../../scoring/index.js';

/** What stands in a cell. A text is somebody's words or ours; a code is an identifier or a digest. */
export type Cell =
  | string
  | number
  | null
  | undefined
  | { readonly code: string }
  /** 0…1, told as percent. */
  | { readonly share: number }
  /** A number drawn as a bar from 0 to `most`; `line` is a limit that it should reach. */
  | { readonly bar: number; readonly most: number; readonly line?: number }
  | { readonly mark: string; readonly tone: 'good' | 'bad' | 'plain' };

/** A band of PD, what it is called and what is decided in it. */
export interface Band {
  readonly from: number;
  readonly below: number;
  readonly grade: string;
  readonly decision: 'APPROVE' | 'REFER' | 'DECLINE';
}

/** A step of a version's life. */
export interface Step {
  readonly at: Date;
  readonly what: string;
  readonly who: string;
  readonly why?: string | undefined;
}

/** A plot in words; drawn too where the format can show it. */
export interface CardPlot {
  readonly name: string;
  readonly description: string;
  readonly svg?: string;
}

export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  /** Somebody's own words, several paragraphs perhaps. */
  | { readonly kind: 'quote'; readonly text: string }
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'facts'; readonly rows: readonly (readonly [label: string, value: Cell])[] }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: 'plot'; readonly plot: CardPlot; readonly caption: string }
  | { readonly kind: 'bands'; readonly bands: readonly Band[] }
  | { readonly kind: 'steps'; readonly steps: readonly Step[] }
  | { readonly kind: 'commands'; readonly language: 'sh' | 'graphql'; readonly text: string };

export interface Section {
  /** For links to it; the same in every language. */
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** A figure that is seen first. */
export interface Tile {
  readonly label: string;
  readonly value: string;
  readonly note: string;
}

/** A model card before it has a format: one source for Markdown and HTML. */
export interface CardContent {
  readonly language: Language;
  readonly title: string;
  readonly subtitle: string;
  /** Where the version stands; undefined for one that is not registered. */
  readonly badge: { readonly text: string; readonly tone: 'good' | 'bad' | 'plain' } | undefined;
  readonly tiles: readonly Tile[];
  readonly sections: readonly Section[];
}

export const text = (of: string): Block => ({ kind: 'text', text: of });
export const commands = (of: string, language: 'sh' | 'graphql' = 'sh'): Block => ({ kind: 'commands', language, text: of });
export const heading = (of: string): Block => ({ kind: 'heading', text: of });
export const facts = (...rows: readonly (readonly [label: string, value: Cell] | undefined)[]): Block => ({ kind: 'facts', rows: rows.filter((row) => row !== undefined) });
export const table = (head: readonly string[], rows: readonly (readonly Cell[])[]): Block => ({ kind: 'table', head, rows });
