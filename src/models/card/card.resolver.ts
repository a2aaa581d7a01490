import { Arg, Ctx, FieldResolver, registerEnumType, Resolver, Root } from 'type-graphql';
import type { Context } from '../../platform/index.js';
import { Requires } from '../../security/index.js';
import { LANGUAGE_ARG, languageOf, LanguageValue } from '../language.js';
import { ModelVersion } from '../model.types.js';
import { cardOf } from './cards.js';

enum CardFormatValue {
  MARKDOWN = 'MARKDOWN',
  HTML = 'HTML',
}
registerEnumType(CardFormatValue, {
  name: 'CardFormat',
  description: 'How a model card is written.',
  valuesConfig: {
    MARKDOWN: { description: 'Markdown with tables; plots are told in words.' },
    HTML: { description: 'One self-contained page with the plots; it has no script and loads nothing.' },
  },
});

@Resolver(() => ModelVersion)
export class VersionCardResolver {
  @Requires('model:read')
  @FieldResolver(() => String, { description: 'Its model card. What is about groups of people needs model:fairness, and is left out otherwise.' })
  async card(
    @Ctx() ctx: Context,
    @Root() { rowId: versionId }: ModelVersion,
    @Arg('format', () => CardFormatValue, { defaultValue: CardFormatValue.MARKDOWN, description: 'How it is written.' }) format: CardFormatValue,
    @Arg('language', () => LanguageValue, LANGUAGE_ARG) language: LanguageValue,
  ): Promise<string> {
    return (await cardOf(ctx, { versionId, format, language: languageOf(language) })).text;
  }
}
