import { isTextOrCode } from "#lib/router/image-intent/not-images.ts";
import { fold, foldPattern } from "#lib/router/image-intent/words.ts";
import { lazy } from "#lib/shared/lazy.ts";

/** What a message wants of the image before it: another one of the same kind, or a changed one. */
export type FollowUp = "again" | "change";

/** Longer messages begin something new, characters. */
const MAX_LENGTH = 160;
/** The same where words are not separated. */
const MAX_LENGTH_CJK = 30;

const POLITE =
  /^(?:(?:can|could|would|will) (?:you|u)|please|pls|now|ok|okay|and|but|then|so|hmm|nice|great|cool|good|perfect|thanks|thank you|love it|no|yes|instead|rather|actually|maybe|wait|i'd like you to|i want you to|let's|try to|just|also|this time|kannst du|konntest du|bitte|jetzt|und|aber|nun|peux-tu|tu peux|maintenant|et|mais|s'il te plait|puedes|podrias|por favor|ahora|pero|y|voce pode|pode|agora|mas|e|puoi|potresti|ora|adesso|ma|per favore|kun je|nu|en|maar|mozesz|teraz|ale|i|можешь|теперь|а|но|и|пожалуйста|اﻵن|الان|من فضلك|अब|कृपया|şimdi|lütfen)[ ,.!:-]+/;

/** Wishes for a changed image, read behind polite words. */
const CHANGES: readonly string[] = [
  "(?:make|turn|change|render|redo|redraw|repaint|paint|draw|move|keep|let) (?:it|that|this|him|her|them|one|the same|everything|the \\p{L}+(?: \\p{L}+)?|his \\p{L}+|its \\p{L}+)(?: |$)",
  "(?:do|show|give|put|get|create|generate|try|convert|transform|have) (?:it|this|him|her|them|me one|one|the same)(?: |$)",
  "(?:put|place|give|have|get) an? \\p{L}+(?: \\p{L}+)? (?:on|in|to|behind|next|under|over) ",
  "(?:add|remove|delete|erase|replace|swap|zoom|rotate|flip|crop|brighten|darken|lighten|sharpen|blur|recolou?r|enlarge|shrink|simplify) (?!\\d|that )",
  "(?:the )?same (?:but|with|in|one|image|picture|thing)|(?:another|a different|a new|one more)(?: \\p{L}+){1,6}",
  "(?:with|without|instead of) \\p{L}+(?: [\\p{L}-]+){0,11}$|(?:in|as|from|only|more|less|fewer|no|but) \\p{L}+(?: [\\p{L}-]+){0,6}$",
  "(?:a bit|a little|much|slightly|even|way)? ?(?:more \\p{L}+|less \\p{L}+|(?!weiter|lauter|louder|shorter|longer|immer|wieder|oder|unser|spater|voter|enter|fever|whatever|other|another|however|never|later|after|over|under|number|answer|weather|water|paper|order|dinner|summer|winter|member|together|either|remember|flower|better|computer|super|hunger|clever|forever|wonder|offer|consider|enter|letter|matter|power|user|server|docker|router|peter|burger)\\p{L}{3,}er)$",
  "(?:i want|i'd like|i would like) it (?:to be|in|with|without) |it should (?:be|have) |could it (?:be|have) |(?:make|draw) (?:two|three|four|five) of (?:them|these|it)",
  "(?:try|use) (?:an?|another) (?:different |other |new )?(?:style|colou?rs?|angle|background)|(?:landscape|portrait|square|wide) (?:format|version|orientation)",
  "(?:bigger|smaller|darker|brighter|lighter|warmer|cooler|closer)(?: |$)",
  "(?:mach(?:e)? (?:es|ihn|sie|das|den|die|mir)|fuge?|entferne|andere|ersetze|setz|gib (?:ihm|ihr)|mit|ohne|in (?:aquarell|schwarz|ol|farbe|blau|rot|grun)|im stil|als (?:comic|aquarell|olgemalde|zeichnung)|etwas|mehr|weniger|lieber|heller|dunkler|gro(?:ß|ss)er|kleiner|bunter|das(?:selbe| gleiche))(?!\\p{L})",
  "(?:rends?-l[ea]|fais-l[ea]|mets|ajoute|enleve|retire|change|remplace|plus|moins|avec|sans|en (?:aquarelle|noir|couleur|style|plus|version|bleu|rouge)|a l'aquarelle|dans le style|l[ea] meme)(?!\\p{L})",
  "(?:haz(?:lo|la)|pon(?:l[eoa])?|anade(?:le)?|agrega(?:le)?|quita(?:le)?|cambia(?:le)?|mas|menos|con|sin|en (?:acuarela|blanco|estilo|color|oleo|azul|rojo)|al estilo|que sea|convierte(?:l[oa])?|l[oa] mism[oa])(?!\\p{L})",
  "(?:deix[ae]|(?:faz|faca) (?:com|sem|mais|menos|el[ea]|isso|em|o fundo)|coloque|coloca|adicion[ae]|tir[ae] (?:o|a|os|as|esse|essa)|remova|mud[ae]|troque|mais|menos|com|sem|em (?:aquarela|preto|estilo|cores)|no estilo|transforme|a mesma)(?!\\p{L})",
  "(?:rendil[oa]|fall[oa]|metti|aggiungi|togli|rimuovi|cambia|piu|meno|con|senza|ad acquerello|in (?:bianco|stile|acquerello)|nello stile|trasforma(?:l[oa])?|l[oa] stess[oa])(?!\\p{L})",
  "(?:maak (?:het|hem|haar)|voeg|verwijder|verander|met|zonder|in (?:aquarel|zwart|kleur|de stijl)|meer|minder|donkerder|lichter|groter|iets)(?!\\p{L})",
  "(?:zrob (?:go|to|ja|jasniej|ciemniej)|dodaj|usun|zmien|z|bez|w (?:stylu|akwareli|kolorze)|bardziej|mniej|ciemniej|jasniej|wiekszy)(?!\\p{L})",
  "(?:сдела(?:й|йте) (?:ее|его|их|темнее|светлее|фон|ярче|больше|в)|добавь|убери|измени|замени|поменяй|с|со|без|в (?:стиле|цвете|синем)|акварелью|темнее|светлее|ярче|больше|меньше|более|менее|пусть)(?!\\p{L})",
  "(?:اجعل(?:ها|ه)?|خلي(?:ها|ه)?|اضف|احذف|ازل|غير|بدون|مع|بالوان|باسلوب|اكثر|اقل)(?!\\p{L})",
  "(?:थोड़ा |और )?(?:गहरा|गहरे|चमकीला|बड़ा|छोटा|हल्का)|.{1,40}(?:के बिना|के साथ|जोड़|हटा|बदल|शैली में)|(?:aur|thoda) (?:dark|bada|chota|bright)|ise |isme ",
  ".{0,40}(?:daha (?:koyu|acik|buyuk|kucuk|parlak|renkli)|olmadan|olsun|ekle|kaldir|degistir|tarzinda|stilinde|suluboya|siz)(?: yap)?$",
  "(?:现在|再|请|那|然后|，){0,3}(?:把|让它|改|换成|换个|加|去掉|删|移除|不要|没有|变|更|调|亮|暗|大一|小一|用(?:水彩|油画|素描)|水彩|黑白|带|戴|背景)|.{1,15}(?:一点|一些|风格|版)(?:的)?$",
  "もっと|もう少し|背景|.{1,20}(?:を(?:追加|消して|取って|変えて|足して|なくして|つけて|かぶせて)|なしで|付きで|風(?:に|で)|にして)|水彩|白黒|明るく|暗く|大きく|小さく",
  "(?:좀 )?더 |배경|.{1,20}(?:추가|빼|없이|바꿔|스타일|로 해|씌워)|수채화|흑백|밝게|어둡게|크게|작게",
];

/** Wishes for one more image of the same kind; nothing else may be said. */
const AGAIN =
  "another(?: one| image| picture| version)?|one more(?: time)?|again|once more|try again|do it again|redo(?: it)?|a different one|different one|more like (?:this|that)|more of (?:these|those|them)|a new one|regenerate|(?:give|show|make|draw) me (?:another(?: one)?|one more)|(?:make|draw) (?:another|another one|one more)|two more|" +
  "noch (?:eins|eine|einen|einmal|mal)|nochmals?|ein anderes|eine andere|" +
  "une? autre(?: version)?|encore(?: une?)?(?: fois)?|recommence|refais|" +
  "otr[ao](?: vez| mas| version)?|una? mas|de nuevo|" +
  "outr[ao](?: vez| versao)?|mais uma?|de novo|" +
  "un'?\\s?altr[ao](?: versione)?|ancora(?: una?)?|di nuovo|" +
  "nog een(?: keer)?|opnieuw|een andere|jeszcze (?:jeden|jedno|jedna|raz)|inny|inna|" +
  "еще(?: один| одну| раз)?|друг(?:ую|ой)|заново|снова|" +
  "(?:واحدة |صورة |مرة )?اخرى|غيرها|एक और(?: बनाओ)?|फिर से|दोबारा|ek aur|bir tane daha|tekrar|baska bir tane|" +
  "再来一?[张个幅]|再画一?[张个幅]?|换一[张个]|重(?:新)?(?:来|画|新生成)|另一[张个]|" +
  "もう一枚|もう一度|もう一つ|別の(?:を|で)?|やり直し(?:て)?|하나 더|한 장 더|다시(?: 그려줘)?|다른 거|또";

/** Asks for words or an explanation, or leaves the subject. */
const OTHER =
  /(?:^|[^\p{L}])(?:shorter|longer|louder|formal|professional|rhymes?|bullets?|steps|tone|feedback|tests?|arrays?|json|xml|ya?ml|function|docstring|endpoint|calendar|meeting|heating|alarm|music|musica|musik|euros?|dollars?|dolares|sterline|pond|zloty|yen|library|listas?|liste|einkaufsliste|funcion|fonction|funcao|programa|pagina\p{L}*|autentica\p{L}*|resumo|resumen|resume|zusammenfass\p{L}*|ku(?:r|e)zer|court|corto|curto|breve|korter|kisa|короче|welch\p{L}*|che citta|che cosa|cosa|السلامة|اقصر|poems?|story|stories|code|essay|e-?mail|texts?|translate|translation|explain|paragraph|summary|summari[sz]e|sentences?|lists?|tables?|jokes?|recipes?|songs?|captions?|descri\p{L}+|words?|sentence|why|how|what|who|when|where|which|about|info|information|general|thanks|worries|problem|pleasure|idea|second thoughts?|(?:in )?(?:english|french|german|spanish|italian|portuguese|chinese|japanese|python)|detail|poemas?|poemes?|gedicht|geschichte|histoire|historia|storia|texte?o?|codigo|warum|wieso|pourquoi|comment|porque|por que|perche|waarom|dlaczego|wie|was|que es|cos'e|traduc\p{L}*|tradui\p{L}*|ubersetz\p{L}*|стих\p{L}*|рассказ\p{L}*|перевед\p{L}*|объясн\p{L}*|почему|как|что|क्यों|क्या|कैसे|neden|nasil|لماذا|كيف|ماذا|قصيدة|قصة)(?![\p{L}])|[诗詩短]|清单|函数|声音|名字|分页|日元|证明|致辞|リスト|コンポーネント|短編|짧게|리스트|लिस्ट|टेबल|पंक्ति|छोटा करो|故事|文章|翻[译譯訳]|解释|代码|物語|説明|什么|为什么|怎么|なぜ|どう|번역|설명|이야기|왜|어떻게/u;

/** Code, a formula, or a text that is quoted behind a colon. */
const FORMULA = /[=;{}$\\<>`[\]^|]|\(\w*\)|[:：].{25,}|"[^"]{20,}"/u;
const CJK = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;

/** "And now a wolf": the words that lead to it say that it replaces something. */
const REPLACEMENT =
  /^(?:(?:and|but|ok|okay|then) )?(?:now|instead),? (?:an?|the|two|three|some) \p{L}+(?: \p{L}+){0,5}$/u;

const change = lazy(() => new RegExp(`^(?:${CHANGES.map(foldPattern).join("|")})`, "u"));
const again = lazy(() => new RegExp(`^(?:${foldPattern(AGAIN)})$`, "u"));

/** What a message wants of the image that the turn before was for; undefined if it is about something else. */
export function followUp(message: string): FollowUp | undefined {
  if (message.length > MAX_LENGTH) return undefined;
  const plain = withoutEnd(fold(message).replace(/\s+/g, " ").trim());
  const text = withoutPolite(plain);
  if (again.value.test(plain) || again.value.test(text)) return "again";
  if (CJK.test(text) && text.length > MAX_LENGTH_CJK) return undefined;
  if (FORMULA.test(text) || OTHER.test(text) || isTextOrCode(message)) return undefined;
  return [text, plain].some((one) => change.value.test(one)) || REPLACEMENT.test(plain)
    ? "change"
    : undefined;
}

/** Without the words before the wish. */
function withoutPolite(folded: string): string {
  let text = folded;
  for (let polite = POLITE.exec(text); polite !== null; polite = POLITE.exec(text)) {
    text = text.slice(polite[0].length);
  }
  return text;
}

/** Without "please" behind the wish, and the marks at its end. */
function withoutEnd(folded: string): string {
  return folded
    .replace(/[\s.!?。！？؟~]+$/, "")
    .replace(
      /[ ,]+(?:please|pls|now|bitte|jetzt|stp|svp|s'il te plait|por favor|per favore|пожалуиста|lutfen)$/,
      "",
    );
}
