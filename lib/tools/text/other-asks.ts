import { lazy } from "#lib/shared/lazy.ts";
import { wordsOf } from "#lib/tools/text/fold.ts";

/** What is asked for is a program. */
const CODE = `function functions python javascript js typescript ts java kotlin golang rust c# c++ php ruby sql regex regexp code coding
  script scripts api apis class classes method methods string strings variable variables parse parser parsing json yaml xml csv excel
  formula spreadsheet dataframe pandas numpy library npm pip react component widget algorithm column array integer float int
  programm* program programa funktion funktionen fonction funcion funcao funzione codigo codice skript 函数 函數 代码 代碼 程式 関数 コード
  プログラム 함수 코드 프로그램 функци* код* скрипт* программ* fonksiyon kod kodu फंक्शन कोड دالة كود endpoint bug error app website
  html css database table localization i18n locale llm prompt unit test tests`;

/** What is asked for is a text, not a number. */
const PROSE = `write explain essay poem story translate why history historical introduced introduce define definition meaning summarize
  article describe joke song invented schreibe erklär* erklare warum geschichte übersetze ubersetze
  expliqu* pourquoi histoire traduis traduire ecris explica* porque historia traduce traducir escribe explique traduza escreva
  spiega perche storia traduci scrivi объясни* почему история перевод* напиши 写 解释 为什么 翻译 历史 説明 なぜ 翻訳 歴史 설명* 왜 번역* 역사
  समझाओ क्यों अनुवाद इतिहास اشرح لماذا ترجم تاريخ acikla neden cevirisi`;

export const OTHER_ASKS = lazy(() => ({ code: wordsOf(CODE), prose: wordsOf(PROSE) }));
