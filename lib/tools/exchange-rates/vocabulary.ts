import { lazy } from "#lib/shared/lazy.ts";
import { wordsOf } from "#lib/tools/text/fold.ts";

/** What stands between the currency that is converted and the one into which it is. */
const CONNECT = `to into in for vs versus against per - / – — → = > => -> ≈ : en a à au aux vers contre em para por nach zu
  zum gegen je pro naar tegen na do w в на к ко за против kac ne से में को का के कितने कितना कितनी は が を に で へ から 何 いくら なん 换
  換 兑 兌 成 到 对 對 对比 等于 等於 多少 合 折 折合 转 轉 换成 兑换 兌換 换算成 兑换成 换算 إلى الى ب ل كم مقابل 는 은 를 을 로 으로 에 에서 몇
  얼마 대 many much what combien cuanto cuantos quanto quantos quanti quante wieviel wieviele viel viele сколько hoeveel ile`;

/** What may stand there too. */
const FILLER = `left saved that thats this it's das ça eso isso wie trading stand stands going doing get got the a an us is are be was were current currently today todays now right worth equal equals how would will can
  could i you we get do does it me of currency equivalent value price money cash please exactly about approximately new hong
  south on as at from by les le la el los las des de del d l der die das dem den ist sind war un une ein eine einem uno una
  dem il lo gli al i font fait faut vaut valent vale valen valgono kosten kostet bekomme ich man aktuell aktuelle aktueller
  heute jetzt bitte son sono ¿ aujourd hui actuellement maintenant hoy ahora hoje agora oggi adesso сегодня сейчас это будет стоит
  составляет равен равно есть вам мне bugun simdi eder ediyor yapar आज अभी है हैं होते होता होती का की ですか です ますか ます なります
  になります になる か の 今 今日 现在 現在 今天 是 的 值 可以 能 ？ 입니까 인가요 이야 야 지금 오늘 이 가 의 이면 면 اليوم الآن الان يساوي يعادل
  هو هي sono fa c'e`;

const LIST = `and & , 、 und et y e и i 和 と 및 과 와 और و ve or oder ou o или 或 または 或者 sowie plus en`;

const RATE = `rate rates exchange forex fx kurs* wechselkurs* umrechnungskurs* devisenkurs* taux cours cambio tipo cotiz* cotac*
  tasso tassi курс* обменн* 汇率 匯率 牌价 价格 レート 為替 為替レート 相場 환율 दर रेट विनिमय भाव ريت سعر صرف الصرف أسعار kur kuru koers
  wisselkoers kurz kursi`;

const CONVERT = `convert* conver* exchange change swap trade translate-money umrechn* rechne um wechsel* tausch* konvertier*
  cambi* chang* перевед* перевест* перевод* конверт* обмен* поменя* 换算 兑换 兌換 换成 换 換算 両替 変換 換える 환전* 변환* 바꾸* 바꿔* बदल* परिवर्तित
  تحويل حول حوّل cevir* donustur* bozdur* reken* omreken* wymien* przelicz* zamien*`;

const ASK = `how como esta what whats what's much many worth value today now current currently price cost costs equal equals wie was
  heute combien aujourd vaut cuanto* hoy vale esta quanto* hoje oggi quale сколько сегодня какой каков 多少 今天 今日 いくら 何 몇 얼마
  오늘 कितन* आज क्या كم اليوم ما kac bugun ne hoeveel wat ile jaki show tell give check sag zeig dime dimmi latest live
  aktuell* actuel* actual* attual* текущ* akt* güncel gunc*`;

/** Before the first currency they turn the question round: how many euros are 100 dollars. */
const HOW_MANY = `many much combien cuanto* quanto* quanti quante viel viele wieviel* сколько कितन* 多少 何 몇 얼마 kac كم hoeveel ile`;
/** "How much is the dollar?" asks for its rate; "how many" does not. */
const PRICE = `much como combien cuanto quanto сколько कितना कितने का 多少 多少钱 いくら 얼마 كم kac hoeveel`;
const PER = `per por je pro за par`;
const FOR = `for por`;

const POLITE = `please bitte thanks thank hi hello hey ok okay can could you would like want need to know me tell give show my s
  il vous plait por favor per пожалуйста 请 请问 お願いします ください 教えて 해줘 알려줘 कृपया बताओ बताइए من فضلك lutfen
  ich brauche möchte je veux quiero quero vorrei хочу 我 想 要 帮 我想 把 just quickly hmm so then also again`;

/** No rate of today answers these. */
const FORECAST = `predict* prediction* forecast* outlook prognos* prevision* pronostic* прогноз* 预测 予測 예측 tahmin*`;

const FOLLOW = `and what about how und wie was ist mit auch et qu quid pour y que tal e o que quanto а и что 那 那么 呢 换成 では じゃあ
  それから そして 그럼 그러면 और फिर و وماذا عن ve peki ya en hoe zit het met a co if it were only same but instead now also then would be
  in to for into dann`;

export const VOCABULARY = lazy(() => ({
  connect: wordsOf(CONNECT),
  filler: wordsOf(FILLER),
  list: wordsOf(LIST),
  rate: wordsOf(RATE),
  convert: wordsOf(CONVERT),
  ask: wordsOf(ASK),
  howMany: wordsOf(HOW_MANY),
  price: wordsOf(PRICE),
  per: wordsOf(PER),
  for: wordsOf(FOR),
  polite: wordsOf(POLITE),
  forecast: wordsOf(FORECAST),
  follow: wordsOf(FOLLOW),
}));

/** Chinese and Japanese words of more than one character, which no space separates. */
export const CJK_WORDS: ReadonlySet<string> = new Set(
  `换成 兑换 兌換 换算 换算成 兑换成 等于 等於 多少 汇率 匯率 牌价 レート 為替 相場 換算 両替 変換 から いくら 何 ですか です ますか なります
  今日 今天 现在 現在 函数 代码 関数 コード プログラム 翻译 解释 为什么 历史 翻訳 説明 歴史 请问 教えて ください お願いします または 或者 和 と
  では じゃあ 那么 折合 对比 多少钱 価格 价格`
    .split(/\s+/)
    .filter((word) => word !== ""),
);
