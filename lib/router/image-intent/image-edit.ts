import { fold, foldPattern } from "#lib/router/image-intent/words.ts";

/** A wish is short, and stands at the beginning; characters. */
const MAX_LENGTH = 500;

/** Verbs that change what is there. */
const EDITING = foldPattern(
  "remove|erase|delete|replace|change|blur|swap|cut out|crop|edit|retouch|enhance|colou?ri[sz]e|upscale|restore|brighten|darken|sharpen|turn|transform|convert|rotate|flip|redraw|restyle|" +
    "quita|quitale|elimina|borra|cambia|convierte|enleve|supprime|retire|change|transforme|entferne|losche|andere|verwandle|remova|tire|apague|mude|rimuovi|togli|trasforma|verwijder|verander|usun|zmien|убери|удали|измени|замени|преврати|ازل|احذف|غير",
);
/** Verbs that can mean anything else, too. */
const MAKING = foldPattern(
  "add|put|make|give (?:him|her|them|it|me|the|this|my)|draw|paint|pon|ponle|anade|agrega|haz|mets|ajoute|fais|rends|mach|mache|fuge|coloque|faca|metti|fai|rendi|maak|dodaj|zrob|добавь|сделай|اجعل",
);
/** What can be seen in an image, and how it can look. */
const VISUALS = foldPattern(
  "background|sky|hair|face|eyes|shirt|dress|hat|colou?rs?|person|people|man|woman|watermark|cartoon|anime|watercolou?r|oil painting|pixel art|black and white|style|portrait|glasses|beard|smile|darker|brighter|lighter|vintage|ghibli|sunset|winter|night|shadows?|lipstick|" +
    "fondo|cielo|pelo|arriere-plan|fond|ciel|hintergrund|himmel|fundo|ceu|sfondo|achtergrond|tlo|фон|небо|الخلفية|السماء|acuarela|aquarelle?|aquarela|acquerello|blanco y negro|noir et blanc|schwarz-?weiß|акварел\\p{L}*|dibujo animado|comic",
);
const IMAGES = foldPattern(
  "photo|picture|image|logo|drawing|foto|imagen|bild|imagem|immagine|afbeelding|zdjeci\\p{L}|фото|картин\\p{L}*|الصورة",
);
const POLITE =
  "(?:(?:can|could|would) you|please|pls|now|i want you to|i'd like you to|puedes|podrias|por favor|peux-tu|tu peux|kannst du|bitte|voce pode|pode|puoi|potresti|kun je|mozesz|можешь|пожалуйста|من فضلك)";
const wish = (verbs: string, objects: string): RegExp =>
  new RegExp(
    `^(?:${POLITE}[ ,]+){0,3}(?:${verbs}) (?:[^.?!]{0,80} )?(?:l'|un'|all'|dell')?(?:${objects})(?!\\p{L})`,
    "u",
  );
const EDIT = wish(EDITING, `${VISUALS}|${IMAGES}`);
const MAKE = wish(MAKING, VISUALS);
const EDIT_ELSEWHERE = new RegExp(
  foldPattern(
    "(?:背景|天空|照片|图片|水印|颜色|卡通|动漫|水彩|黑白).{0,20}(?:去掉|去除|移除|换成|改成|变成|换掉)|(?:去掉|去除|移除|换掉|换成|改成|变成|把).{0,20}(?:背景|天空|水印|卡通|动漫|水彩|黑白)|抠图|" +
      "(?:背景|空|写真|色|髪).{0,20}(?:消して|取って|変えて|にして|除去)|(?:アニメ|水彩画|白黒|漫画)(?:風)?にして|(?:배경|사진|하늘|머리).{0,20}(?:지워|제거|바꿔|없애)|(?:만화|수채화|흑백).{0,10}(?:만들어|바꿔)|(?:पृष्ठभूमि|बैकग्राउंड|background).{0,15}(?:हटा|बदल|hata|badal)|arka plan.{0,20}(?:sil|kaldır|değiştir)",
  ),
  "u",
);
/** The image is to become words. */
const INTO_TEXT =
  /(?:^|[^\p{L}])(?:here|feedback|docker|yaml|texts?|tables?|lists?|code|html|css|recipe|json|csv|excel|spreadsheet|markdown|summary|summarise|words|caption|description|alt|poem|story|translate|transcribe|latex|essay|report|svg|typos?|sentences?|pdf|what|how|why|texto|texte|tabla|tableau|tabelle|liste|lista|testo|codigo|rezept)(?![\p{L}])/u;

/** Whether a message wants the image changed that is attached to it; questions about it do not. */
export function wantsEdit(message: string): boolean {
  if (message.length > MAX_LENGTH) return false;
  const text = fold(message).replace(/\s+/g, " ").trim();
  return !INTO_TEXT.test(text) && [EDIT, MAKE, EDIT_ELSEWHERE].some((one) => one.test(text));
}
