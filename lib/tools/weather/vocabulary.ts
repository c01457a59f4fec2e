import { lazy } from "#lib/shared/lazy.ts";
import { wordsOf } from "#lib/tools/text/fold.ts";

/** Words that mean the weather, or its forecast, and hardly ever anything else. */
const WEATHER = `weather forecast wetter wettervorhersage wetterbericht meteo météo pronostico clima погод* 天气 天氣 天气预报 天気 天気予報 날씨
  मौसम طقس الطقس weer weerbericht weersverwachting pogoda pogode pogody hava durumu`;

/** Folded phrases that ask about the weather, or about a part of it. A place or a time must stand beside them. */
export const PHENOMENA: readonly RegExp[] = [
  /\b(?:will|is|does|might|could) it(?: (?:going|to|be|gonna|very|too|really|still|currently|that|so|get|feel|supposed|expected|likely|start|today|tomorrow|ever|again|right|now|already|actually))* (?:rain\w*|snow\w*|sunny|cloudy|windy|hot|cold|warm|humid|luftf|humed|umid|freezing|chilly|foggy|stormy|cool)\b/,
  /\b(?:will|is|might|could) there(?: \w+){0,3} (?:rain|snow|thunderstorms?|storms?|fog)\b/,
  /\bhow (?:hot|cold|warm|humid|windy|sunny|chilly) (?:is|will|does) it\b/,
  /\bchances? of (?:rain|snow)\b/,
  /\b(?:need|bring|take|pack|wear) (?:an? |my |the )?(?:warm |winter |thick |light )?(?:umbrella|raincoat|jacket|coat|sweater|sunscreen)\b|\blike outside\b/,
  /\b(?:regnet|regnen|schneit|schneien|gewitter)\b/,
  /\bwie (?:warm|kalt|hei(?:ss|ß)|windig) (?:ist|wird) es\b/,
  /\b(?:ist|wird) es (?:\w+ ){0,4}(?:warm|kalt|hei(?:ss|ß)|sonnig|windig|regnerisch)\b/,
  /\b(?:brauche|nehme|brauchen) (?:ich|wir) (?:\w+ ){0,6}regenschirm\b/,
  /\b(?:pleut|pleuvoir|pleuvra|neige-t-il|neiger|neigera)\b/,
  /\bquel temps (?:fait|fera|a|au|en|pour|demain|aujourd'hui|ce)\b|\bfait-il (?:chaud|froid|beau)\b|\bil (?:fait|fera) (?:chaud|froid|beau)\b|\bbesoin d'un parapluie\b/,
  /\b(?:llover|llueve|lloviendo|llovera|nieva|nevar|nevara)\b/,
  /\bque tiempo (?:hace|hara|va a hacer)\b|\bhace (?:frio|calor|sol|viento)\b|\btal el tiempo\b|^[¿\s]*(?:el )?tiempo (?:en|para)\b/,
  /\b(?:chover|chove|chovendo|chovera)\b|\bcomo (?:esta|vai estar|vai ficar|ta) o tempo\b|\bprevisao (?:do tempo|para|em)\b|\besta (?:frio|calor|quente)\b/,
  /\b(?:piove|piovera|piovere|piovendo|nevica|nevichera)\b|\bche tempo (?:fa|fara)\b|\bcom'e il tempo\b|\bprevisioni\b|\bfa (?:freddo|caldo)\b/,
  /(?<!\p{L})(?:дожд\p{L}*|снегопад\p{L}*|снег|холодно|жарко|зонт\p{L}*)(?!\p{L})/u,
  /(?:现在|今天|明天)(?:是)?(?:多少|几)度|下雨|下雪|冷吗|热吗|带伞|帶傘/,
  /雨(?:が|は)?(?:降|ふ)|雪(?:が|は)?(?:降|ふ)|(?:雨|雪)ですか|傘(?:は|が)?(?:いる|いります|必要)|暑い(?:です)?か|寒い(?:です)?か/,
  /(?:비|눈)(?:가|이)? (?:와|올|오|내)|우산|더워|더울|추워|추울/,
  /बारिश|बरसात/,
  /مطر|تمطر|ستمطر/,
  /\byagmur\b|\bkar yag\w*|\bhava (?:nasil|kac)\b/,
];

/** The temperature of a place: other things have one too. */
export const TEMPERATURE =
  /(?<!\p{L})(?:temperatur\p{L}*|humidity|luftfeuchtigkeit|humidite|humedad|umidade|umidita|температур\p{L}*|sicaklik|degrees outside|(?:current|the|high|low) temp)(?!\p{L})|气温|氣溫|気温|기온|तापमान|درجة الحرارة|how many degrees (?:is it|in)/u;

/** Parts of all of these words, to pass over most messages quickly; folded. */
export const HINT =
  /weather|forecast|outside|temp|度|jacket|coat|sweater|sunscreen|wetter|meteo|clima|pronost|pogod|погод|天气|天氣|天気|날씨|मौसम|طقس|weer|hava|rain|snow|sunny|cloudy|windy|hot|cold|warm|humid|freez|chill|fog|storm|cool|umbrella|regn|regen|schnei|gewitter|kalt|hei(?:ss|ß)|sonnig|windig|pleu|neig|temps|fait|parapluie|llov|llue|niev|neva|tiempo|frio|calor|sol|viento|chov|tempo|previs|quente|piov|nevic|fredd|cald|дожд|снег|снегопад|холод|жарк|зонт|雨|雪|冷|热|伞|傘|帶|暑|寒|비|눈|우산|더워|더울|추워|추울|बारिश|बरसात|مطر|yagmur|kar|temperatur|температур|sicaklik|degrees|气温|氣溫|気温|기온|तापमान|حرارة/;

/** Sayings, and questions about the weather that no forecast answers; folded. */
export const NO_FORECAST: readonly RegExp[] = [
  /\bunder the weather\b|\bweather(?:s|ed|ing)? (?:the|this|that|any|a|these|many) (?:\w+ ){0,2}(?:storm|crisis|crises|recession|pandemic|downturn|challenge|difficult|blow|criticism|change)\w*/,
  /\b(?:sales|revenue|budget|cash|cash flow|demand|economic|growth|gdp|inflation|market|stocks?|prices?|earnings|financial|population|election|jobs?|hiring|traffic) forecasts?\b|\bforecasts? (?:for|of|on) (?:\w+ ){0,4}(?:jobs?|sales|growth|markets?|stocks?|economy|prices?|inflation|demand|revenue|housing|elections?|industry)\b/,
  /\bpor que\b|\bdoes it (?:rain|snow)\b(?![^.]{0,60}\b(?:today|tonight|now|tomorrow|this|still|yet)\b)/,
  /\bcats and dogs\b|\brain ?check\b|\bfair[- ]weather\b|\bweather permitting\b|\brain on (?:my|your|his|her) parade\b|\bright as rain\b|\bweather[- ](?:proof|beaten|vane|balloon|girl|man|widget|station|report script)/,
  /\ball[- ]weather\b|\bjunge hunde\b|\bpleut des cordes\b|\bpluie et le beau temps\b|\bcantaros\b|\bschnee von gestern\b|\bcanivetes\b/,
  /\b(?:affect|affects|influence|influences|impact|cause|causes|caused|usually|typically|typical|average|averages|climate|historically|best time|best month|record|records|recorded|(?:was|were) [^.]{1,60}during|does it (?:ever )?get|(?:boiling|melting|freezing) (?:point|temperature)|how (?:do|does|did|to|can) (?:\w+ ){1,4}(?:forecast|predict|measure))\b/,
  /\b(?:in|during|en|im|em) (?:the )?(?:january|february|march|april|may|june|july|august|september|october|november|december|winter|summer|spring|autumn|fall|januar|februar|marz|mai|juni|juli|oktober|dezember|sommer|herbst|fruhling|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|verano|invierno|primavera|janvier|fevrier|mars|avril|juin|juillet|aout|septembre|octobre|novembre|decembre|ete|hiver|automne)\b(?! \d)/,
  /\b(?:love|loved|hate|hated|enjoy|enjoyed|miss|missed|talk about|talking about|small talk|mean|means|meaning|spell|spelled|synonym|pronounce|word|idiom)\b/,
];

/** What stands before a place. */
const BEFORE = `in at to for near around of around für um bei von à a au aux en dans sur pour de para em no na nos nas per di ad в во на voor w we dla في`;

/** When: never a part of a place. */
const TIME = `today todays tonight tomorrow tomorrows now currently current right this next last week weekend weekends month morning afternoon evening night day
  days hour hours later soon outside monday tuesday wednesday thursday friday saturday sunday yesterday
  heute morgen übermorgen jetzt gerade aktuell wochenende woche abend nachmittag nachts nächste nächsten naechste diese diesem dieses tage tagen stunden draußen
  montag dienstag mittwoch donnerstag freitag samstag sonntag gestern am kommende kommenden
  aujourd'hui aujourd hui demain maintenant actuellement semaine week-end weekend soir matin ce cette prochaine prochain jours après-demain hier lundi mardi mercredi
  jeudi vendredi samedi dimanche dehors
  hoy mañana ahora semana finde fin esta este noche tarde próxima proxima próximo pasado días dias lunes martes miércoles jueves viernes sábado domingo
  hoje amanhã agora manhã noite fim próximos segunda terça quarta quinta sexta
  oggi domani adesso ora stasera settimana questa questo dopodomani prossima giorni lunedì martedì mercoledì giovedì venerdì sabato domenica
  сегодня завтра сейчас послезавтра неделю неделе неделя выходные выходных утром вечером днем ночью понедельник* вторник* среду четверг* пятницу субботу воскресенье
  今天 明天 后天 後天 现在 現在 今晚 这周 本周 下周 周末 这周末 週末 一周 未来 三天 今日 明日 明後日 今週 来週 いま 今 あした きょう 明天下午 早上 晚上 下午
  오늘 내일 모레 지금 주말 이번 이번주 다음주 저녁 아침
  आज कल परसों अभी हफ्ते सप्ताह
  اليوم غدا غداً الآن الان الأسبوع
  bugün yarın şimdi hafta hafta sonu bu gelecek
  vandaag morgen nu dzisiaj dziś jutro teraz`;

/** Words of questions, verbs and what joins sentences: never a part of a place. */
const GLUE = `beach picnic walk hike barbecue bbq wedding enough noon really actually humidity luftfeuchtigkeit humedad umidade umidità humidité previsão einen regenschirm jacket coat sweater sunscreen temp your our us them me here there city town area country region where i'm i am what what's whats how how's hows is it are will be does do the a an like going gonna to get give me tell show check please can could you would i need bring take
  umbrella should wear and or but if when while because so with from by on as than that which there here rain raining rainy snow snowing sunny hot cold warm windy
  cloudy humid temperature temperatures degrees condition conditions report update live latest look looking about out my your hi hello hey ok thanks thank expect expected there's up any
  wie ist wird es das was für ein eine mir sag sage zeig bitte und oder wenn mit regnet regnen schneit warm kalt heiß sonnig temperatur brauche ich einen regenschirm gibt aus aussehen sieht wäre denn der die
  quel quelle est fait fera il fait-il le temps la les météo comment sera va y t-il dis donne moi s'il s vous te plaît plait et ou si avec pleut pleuvoir neiger température prévisions prévision temps qu'il du des pour
  qué que cuál cual es está hace hará hay el tiempo cómo como va a dime por favor y o si con llover llueve nevar temperatura pronóstico del hacer tal
  qual é esta está tempo o previsão vai estar ficar fazer chover chove me diga por favor e ou se com do da faz
  che fa farà com'è il lo gli previsioni sono piove pioverà dimmi per favore c'è quanti gradi quale qual
  какая какой будет ли в во на прогноз скажи пожалуйста и или если с дождь снег температура градусов холодно жарко как там покажи
  怎么样 怎麼樣 如何 什么 的 吗 嗎 呢 在 会 會 下雨 下雪 气温 氣溫 温度 请问 查一下 查 告诉我 我 要 带伞 帶傘 预报 是 多少 几度 多少度 冷 热 怎样 有 去 到 雨 雪 帮我 看看 好 很
  は の を に で が 教えて どう ですか です か ください 降る 降ります 降りますか 降っています 降っていますか 降っている 降りそう 降るかな でしょうか なりますか 晴れ 晴れる 晴れますか いますか ふる 傘 必要 いる いります 気温 何度 予報 どんな 暑い 寒い ますか でしょう へ も
  어때 어때요 어떄 알려줘 알려 줘 어떻게 되나요 되니 비 눈 와 올까 오나요 와요 기온 우산 필요해 몇 도 예보 도야 도예요 도인가요 몇도 몇도야 좀 은 는 이 가 의 에 에서
  में का की के कैसा है कैसी रहेगा होगी होगा क्या बारिश तापमान कितना कितनी बताओ बताइए कृपया को से पर
  كيف ما هو حالة حال درجة الحرارة هل مطر تمطر ستمطر في من فضلك اليوم
  hava durumu nasıl nasil kaç derece yağmur yağacak yağıyor yağar kar gün mı mi olacak sıcaklık var
  hoe het wat regent zal het weer in jaka jest będzie w`;

/** Behind "in": no place on a map. */
const NO_PLACE = `jupiter saturn minecraft celsius fahrenheit kelvin degrees general mountains house room kitchen oven fridge space mars moon sun
  python javascript java excel api app code world north south east west middle morning case order fact detail english german french spanish
  car office garden school bed hell data model models training physics chemistry water body room
  celsiusgrad allgemein stadt haus general ciudad casa ville maison cidade città casa storm storms crisis pattern patterns icon icons balloon
  vane girl wise friend man service station channel modification warfare system systems data dataset widget science map maps news report-card
  stream streaming storage computing file function sort poem story song movie film book game word words sentence difference between`;

/** Behind an unknown word: that is no place either, as in "the server room". */
export const INDOORS: ReadonlySet<string> = new Set(
  "room house kitchen oven fridge office car garden bed water body model".split(" "),
);

/** What may stand around a follow-up: "and in Lyon?", "und morgen?". */
const FOLLOW = `and what about how und was ist mit auch et qu'en y qué tal e quanto а и что 那 那么 呢 では じゃあ は 그럼 और फिर و ماذا عن ve peki en hoe zit same too also then now`;

export const VOCABULARY = lazy(() => ({
  weather: wordsOf(WEATHER),
  before: wordsOf(BEFORE),
  time: wordsOf(TIME),
  glue: wordsOf(GLUE),
  noPlace: wordsOf(NO_PLACE),
  follow: wordsOf(FOLLOW),
}));

/** Chinese and Japanese words, the longest first: what is left of a run between them is a place. */
export const CJK_WORDS = lazy(() =>
  [WEATHER, TIME, GLUE, FOLLOW]
    .flatMap((words) => words.split(/\s+/))
    .filter((word) => /^[\p{Script=Han}\p{Script=Hiragana}]+$/u.test(word))
    .sort((one, other) => other.length - one.length),
);

/** Places with an "and" in their name, folded. */
export const WITH_AND: ReadonlySet<string> = new Set([
  "trinidad and tobago",
  "bosnia and herzegovina",
  "antigua and barbuda",
  "saint kitts and nevis",
  "st kitts and nevis",
  "brighton and hove",
  "newfoundland and labrador",
  "turks and caicos",
]);
