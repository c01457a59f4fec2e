import type { ImageLanguage } from "#lib/router/image-intent/language.ts";
import { foldPattern } from "#lib/router/image-intent/words.ts";
import { lazy } from "#lib/shared/lazy.ts";

/** A pattern that is compiled when it is first used. */
type Compiled = { readonly value: RegExp };

/**
 * How a language asks for images that puts its verbs last, or that does not separate words. All are read from a
 * folded sentence of bounded length without the marks at its end.
 */
export type PatternGrammar = {
  language: ImageLanguage;
  /** Wishes; the group `subject`, if there is one, says what is to be seen. */
  wishes: readonly Compiled[];
  /** Subjects that say nothing: "something", "a picture". */
  anything: Compiled;
  /** What is no image, although a wish matches. */
  not: Compiled;
};

const pattern = (source: string): Compiled => lazy(() => new RegExp(foldPattern(source), "u"));

const ZH_POLITE =
  "^(?:请|請|麻烦|帮我|幫我|帮忙|给我|給我|替我|为我|为了我|能不能|能否|可以|可不可以|你能|你可以|能|我想要你|我想让你|现在|那么|好的|你好|再|，|,|\\s){0,8}";
const ZH_PICTURE =
  "图片|圖片|图像|照片|插画|插畫|插图|海报|海報|logo|标志|徽标|头像|頭像|壁纸|壁紙|漫画|表情包|贴纸|图标|肖像|素描|水彩画|油画|封面图|效果图|画像|的图$|张图|幅画|幅图|张画";
const JA_PICTURE =
  "画像|写真|絵|イラスト|ロゴ|アイコン|ポスター|壁紙|似顔絵|アバター|漫画|マンガ|スタンプ|肖像画|バナー|挿絵|水彩画|油絵|スケッチ|塗り絵";
const JA_END =
  "(?:ください|下さい|くれ|くれる|くれますか|くれない|もらえますか|もらえる|ほしい|欲しい|いただけますか|ちょうだい|みて|よ|ね|です|か|お願いします){0,3}$";
const KO_PICTURE =
  "이미지|그림|사진|일러스트|로고|아이콘|포스터|초상화|아바타|배경화면|만화|스티커|배너|삽화|캐리커처|수채화";
const KO_END =
  "\\s?(?:줘|줘요|주세요|주라|줄래|줄래요|줄 수 있어|줄 수 있어요|줄 수 있나요|주실 수 있나요|주실래요|달라|봐|봐요|라|부탁해|부탁해요|부탁드려요)?\\s?(?:요)?$";
const HI_PICTURE =
  "चित्र|तस्वीर|तस्वीरें|फोटो|फ़ोटो|पेंटिंग|ड्राइंग|लोगो|इमेज|छवि|पोस्टर|स्केच|कार्टून|वॉलपेपर|आइकन|अवतार|tasveer|tasvir|photo|chitra|image|pic|picture|logo|painting|drawing|poster|sketch";
const HI_MAKE =
  "(?:बनाओ|बनाइए|बनाइये|बनाएं|बनाएँ|बनाये|बना दो|बना दें|बना दीजिए|बनाकर दो|बनाकर दिखाओ|बना सकते हो|बना सकते हैं|बना सकती हो|बना दे|बनाना|चाहिए|दिखाओ|खींचो|banao|bana do|bana de|banado|banaiye|banaye|bana dijiye|banake do|bana sakte ho|chahiye|dikhao)(?: (?:please|प्लीज|प्लीज़|कृपया|क्या|मुझे|mujhe|na|ना))?$";
const TR_PICTURE =
  "resim|resmi|resmini|resimleri?|görsel|görseli|görselini|fotoğraf|fotoğrafı|fotoğrafını|logo|logosu|logosunu|poster|posteri|afiş|afişi|çizim|çizimi|çizimini|illüstrasyon|illüstrasyonu|portre|portresi|portresini|avatar|ikon|duvar kağıdı|karikatür|karikatürü|karikatürünü|karakalem";
const DE_PICTURE =
  "bild|bilder|foto|fotos|zeichnung|gemalde|illustration|skizze|logo|icon|poster|plakat|portrat|avatar|hintergrundbild|wallpaper|cartoon|comic|karikatur|sticker|meme|aquarell|ausmalbild|banner|cover";
const NL_PICTURE =
  "afbeelding|plaatje|foto|tekening|illustratie|schilderij|logo|poster|portret|avatar|sticker|kleurplaat|banner";
const DIAGRAMS_CJK =
  "流程图|思维导图|架构图|时序图|类图|柱状图|折线图|饼图|曲线|图表|表格|电路图|er图|甘特图|树状图|脑图|结构图|状态图|函数图|示意图|线段|句号|等号|蛇添足|龙点睛|画饼|画面感|重点";

export const PATTERN_GRAMMARS: readonly PatternGrammar[] = [
  {
    language: "zh",
    wishes: [
      pattern(
        `${ZH_POLITE}(?:绘制|繪製|画出|畫出|画|畫|绘|描绘)(?!面|家|展|廊|册|风|质|布|外)(?:一下|给我|我)?(?<subject>.*)$`,
      ),
      pattern(
        `${ZH_POLITE}(?:(?:给|為|为|帮)[^，。,]{1,15}?)?(?:生成|制作|製作|创建|创作|设计|設計|做|来|给我|我要|我想要|我想看|我需要|出|弄|整|搞)(?<subject>.{0,60}?(?:${ZH_PICTURE})(?!库|框|格式|处理|识别|大小|标签|描述|提示|的描述|的代码|标题|名字|文案|方案|上传|组件|压缩|的函数|分析|生成器|分类|编辑|软件|服务器).*)$`,
      ),
    ],
    anything: {
      value:
        /^(?:点|些|一?[张幅个])?(?:什么|东西|随便|随便什么|图片?|圖片?|画|图像|照片|任何东西|好看的|有趣的|logo|海报|头像|壁纸)?(?:吧|吗|嗎|呢|给我|好吗|都行|都可以|看看)*$/u,
    },
    not: pattern(
      `${DIAGRAMS_CJK}|代码|脚本|程序|函数|列表|镜像|用户画像|文章|教程|怎么|如何|为什么|什么意思|结论|计划|大饼`,
    ),
  },
  {
    language: "ja",
    wishes: [
      pattern(
        `^(?<subject>.*?)(?:を|の絵を|のイラストを)?(?:描いて|画いて|えがいて|お描きして|描け|描いた絵を)${JA_END}`,
      ),
      pattern(`^(?<subject>.*?絵)を(?:かいて|書いて)${JA_END}`),
      pattern(
        `^(?<subject>.*?(?:${JA_PICTURE}))(?:を|が|も)?[^。]{0,8}?(?:生成して|生成|作って|つくって|作成して|デザインして|見せて|お願い|ほしい|欲しい|ちょうだい)${JA_END}`,
      ),
    ],
    anything: {
      value:
        /^(?:何か|なにか|なんか|何でもいいから|適当に|好きなもの|好きに|面白い)?(?:の|な)?(?:絵|画像|イラスト|写真|ロゴ|ポスター)?(?:を)?$/u,
    },
    not: pattern(
      "フローチャート|グラフ|チャート|図(?:を|に|も)|図$|表を|コード|プログラム|関数|スクリプト|一覧|説明|タグ|アプリ|サイト|結論|dockerイメージ|生い立ち|方法|物語を|小説",
    ),
  },
  {
    language: "ko",
    wishes: [
      pattern(`^(?<subject>.*?)(?:을|를|도|좀| 하나| 한 장)?\\s?그려${KO_END}`),
      pattern(
        `^(?<subject>.*?(?:${KO_PICTURE}))(?:를|을|도|이|가)?\\s?(?:하나|한 장|한장|좀|몇 장|하나만)?\\s?(?:를|을)?\\s?(?:생성해|만들어|제작해|디자인해|보여|부탁해|필요해|원해|줘)${KO_END}`,
      ),
    ],
    anything: {
      value:
        /^(?:아무거나|뭔가|무언가|뭐든|아무|뭐|재미있는|예쁜)?\s?(?:그림|이미지|사진|로고|포스터)?(?:을|를)?\s?(?:하나|한 장|좀)?$/u,
    },
    not: pattern(
      "다이어그램|순서도|그래프|차트|표를|표 |코드|프로그램|함수|스크립트|목록|설명|큰 그림|결론|도커|docker|선을|방법|태그|앱|웹사이트|마인드맵",
    ),
  },
  {
    language: "hi",
    wishes: [pattern(`^(?<subject>.*?(?:${HI_PICTURE})(?: [^ ]{1,12}){0,3}?) ${HI_MAKE}`)],
    anything: pattern(
      `^(?:मुझे |mujhe |मेरे लिए |mere liye |कोई |koi |एक |ek |कुछ |kuch |अच्छा सा |सुंदर |sundar ){0,4}(?:${HI_PICTURE})$`,
    ),
    not: pattern(
      "आरेख|ग्राफ|तालिका|चार्ट|फ्लोचार्ट|कोड|प्रोग्राम|सूची|विवरण|code|website|वेबसाइट|ऐप|docker|निष्कर्ष|कैसे|kaise|quiz|caption|कैप्शन",
    ),
  },
  {
    language: "tr",
    wishes: [
      pattern(
        "^(?:(?:lütfen|bana|bize|şimdi|hadi|bir de) ){0,3}(?<subject>.*?) ?(?:çiz|çizer misin|çizebilir misin|çizin|çiziniz|çizsene|çizer misiniz|çizebilir misiniz|çizmeni istiyorum)(?: lütfen)?$",
      ),
      pattern("^(?:lütfen )?(?:çiz) (?:bana )?(?<subject>.*)$"),
      pattern(
        `^(?:(?:lütfen|bana|bize|şimdi|hadi) ){0,3}(?<subject>.*?(?:${TR_PICTURE})) ?(?:oluştur|oluşturur musun|oluşturabilir misin|üret|üretir misin|üretebilir misin|yap|yapar mısın|yapabilir misin|tasarla|tasarlar mısın|tasarlayabilir misin|hazırla|hazırlar mısın|yarat|göster|istiyorum|lazım|ver)(?: lütfen)?$`,
      ),
    ],
    anything: pattern(
      "^(?:bir şey|bir şeyler|herhangi bir şey|ne istersen|bir|güzel bir|komik bir)?(?: ?(?:resim|görsel|fotoğraf|logo|poster|çizim|şey))?$",
    ),
    not: pattern(
      "sınır|çizgi|altını|şema|şeması|diyagram|grafik|grafiği|tablo|tablosu|üçgen|docker|kod|uygulama|site|liste|sonuç|nasıl|akış",
    ),
  },
  {
    language: "de",
    wishes: [
      pattern(
        "^(?:hallo |hi |hey |bitte ){0,2}(?:kannst du|konntest du|wurdest du|konnen sie|konnten sie|ich mochte dass du|ich hatte gerne dass du) (?:bitte )?(?:mir |uns )?(?:bitte |mal )?(?<subject>.*?) ?(?:malen|zeichnen|skizzieren|malst|zeichnest)$",
      ),
      pattern(
        `^(?:hallo |hi |hey |bitte ){0,2}(?:kannst du|konntest du|wurdest du|konnen sie|konnten sie) (?:bitte )?(?:mir |uns )?(?:bitte |mal )?(?<subject>(?:(?:ein|eine|einen|ein paar) )?(?:[^ ]{1,20} ){0,3}?(?:${DE_PICTURE})\\b.*?) ?(?:malen|zeichnen|machen|erstellen|generieren|entwerfen|erzeugen|gestalten|designen)$`,
      ),
    ],
    anything: pattern(`^(?:etwas|was|irgendwas|irgendetwas|(?:ein|eine|einen)? ?(?:${DE_PICTURE})?)$`),
    not: pattern(
      "schluss|diagramm|tabelle|graph|grafik|schaltplan|schema|kurve|wand|wande|zimmer|\\bcode\\b|programm|docker|website|\\bapp\\b",
    ),
  },
  {
    language: "nl",
    wishes: [
      pattern(
        "^(?:hoi |hallo |hey )?(?:kun je|kan je|kunt u|zou je|wil je) (?:me |mij |ons |voor me |alsjeblieft ){0,3}(?<subject>.*?) ?(?:tekenen|schilderen|schetsen)$",
      ),
      pattern(
        `^(?:hoi |hallo |hey )?(?:kun je|kan je|kunt u|zou je|wil je) (?:me |mij |ons |voor me |alsjeblieft ){0,3}(?<subject>(?:een )?(?:[^ ]{1,20} ){0,3}?(?:${NL_PICTURE})\\b.*?) ?(?:maken|genereren|ontwerpen|creëren)$`,
      ),
    ],
    anything: pattern(`^(?:iets|wat|een ?(?:${NL_PICTURE})?)?$`),
    not: pattern(
      "conclusie|diagram|tabel|grafiek|schema|lijn|muur|kamer|\\bcode\\b|programma|docker|website|\\bapp\\b",
    ),
  },
];
