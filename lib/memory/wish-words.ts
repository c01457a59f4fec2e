/**
 * How people ask to remember and to forget, by language: regular expressions over folded text (lower case, no
 * accents). Each stands at the beginning of a sentence, behind what is said out of politeness.
 */
export type WishWords = {
  /** "Remember": what follows is to be kept. */
  remember: string;
  /** "Forget that I": what follows is to be dropped. */
  forget: string;
  /** "Forget everything about me", to the end of the sentence. */
  forgetAll: string;
};

/** Said before a wish, in any order. */
export const POLITE =
  "please|pls|hey|hi|hello|ok|okay|actually|sorry|wait|btw|by the way|alright|kindly|now|also|and|so|then|well|just|oh|yes|no|thanks|thank you|i want you to|i would like you to|i'd like you to|i need you to|(?:can|could|would|will) you|you (?:can|should|must)|let's|" +
  "bitte|hallo|kannst du|konntest du|du kannst|sie konnen|ich mochte,? dass du|konnen sie|konnten sie|wurdest du|du sollst|und|auch|jetzt|" +
  "s'il te plait|s'il vous plait|stp|bonjour|salut|peux-tu|tu peux|vous pouvez|est-ce que tu peux|pouvez-vous|pourrais-tu|pourriez-vous|je veux que tu|et|" +
  "por favor|hola|puedes|podrias|puede|podria|quiero que|y|ahora|pode|voce pode|poderia|podes|ola|e|agora|per favore|ciao|puoi|potresti|vorrei che|" +
  "alsjeblieft|alstublieft|kun je|kan je|wil je|hoi|en|snalla|kan du|kunne du|var snill|vaer sa snill|hej|hei|och|og|" +
  "prosze|czy mozesz|mozesz|czesc|пожалуйста|можешь|можете|привет|и|будь ласка|lutfen|merhaba|ve|tolong|mohon|من فضلك|لو سمحت|रجاء|कृपया|请|請|麻烦你|麻煩你|帮我|幫我";

/** A message without any of these contains no wish. */
export const WISH_HINT =
  "remember|forget|mind|keep|note|memor|future|delete|remove|erase|wipe|clear|drop|save|store|merk|denk|vergiss|vergess|losch|behalt|notier|erinner|speicher|souv|rappel|retien|retenez|oubli|garde|efface|supprim|enregistre|recuerd|acuerd|olvid|ten |tenga|apunta|anot|guarda|borra|elimina|lembr|esquec|esqueca|apag|tenha|tem em|guarde|ricord|tieni|dimentic|segnat|scord|cancell|onthoud|herinner|vergeet|houd|wis |verwijder|kom ihag|glom|radera|husk|glem|slet|muista|unohda|pamietaj|zapom|usun|hatirla|unut|aklinda|hakkim|ingat|lupa|nho rang|quen|[\\u0370-\\uffff]";

const MY_MEMORY =
  "(?:(?:all |all of |the whole |everything in |everything from )?(?:the |your |my )?(?:saved |stored )?(?:memory|memories|facts)(?: (?:you have|you've got|you hold|you keep))?(?: (?:about|of|on|for) me)?)";

export const WISH_WORDS: readonly WishWords[] = [
  {
    remember:
      "(?:(?:always |please )?remember(?! (?:when|how|the time|those|if|what|who|where|why|me\\?))|(?:do not|don't|never) (?:ever )?forget(?! to (?:tell|send|check|add|include))|keep in mind|bear in mind|make a note|take note|note that (?:i|my|we|our)|note down|save (?:to|in|into) (?:your )?memory|save (?:that|the fact that|this)|memorize|store (?:that|the fact that)|add to (?:your |my )?memor(?:y|ies)|for (?:the |your )?future(?: reference)?)(?!\\p{L})",
    forget:
      "(?:forget(?: about)?(?: the fact)?(?: that)? (?:i(?:'m|'ve|'d)?|my|me (?:being|having)|we(?:'re|'ve)?|our|(?:what|where|when|who|how|which) (?:my|our|i(?! (?:just )?(?:said|asked|wrote|typed|told|meant|mentioned)))|what i(?: just| have|'ve)? (?:said|wrote|told you|mentioned) about)|(?:stop|quit) remembering|(?:do not|don't|no longer) (?:remember|keep in mind|store|save|keep (?:my|our))|(?:i (?:no longer|do not|don't) want you to|you (?:do not|don't) (?:have|need) to|no need to) (?:remember|keep|store|save|know) (?:that )?(?:i|my|we|our)(?:'m|'ve)?|you can forget|(?:delete|remove|erase|drop|wipe|clear)(?: the fact)? that (?:i|my|we|our)(?:'m|'ve)?|(?=[^.!?]{1,140} from (?:your |my |the )?memor(?:y|ies))(?:delete|remove|erase|drop|wipe|clear))(?!\\p{L})",
    forgetAll:
      "(?:(?:forget|delete|remove|erase|wipe|clear|drop) (?:(?:everything|all|anything|whatever|every fact|all facts|all the facts|all data|all information)(?: of)?(?: that| which)?(?: (?:you(?:'ve| have)?(?: ever)?|i(?:'ve| have)?(?: ever)?) (?:know|knew|remember|remembered|stored|store|saved|learned|learnt|have|told you))* (?:about|of|on) (?:me|myself)|(?:all )?(?:of )?my personal (?:data|information|details|facts)|" +
      MY_MEMORY +
      "))(?:,? (?:from (?:your|the) memory|(?:and|then)? ?(?:let's )?start (?:fresh|over|again|from scratch|anew)|(?:and )?(?:never|don't|do not) (?:store|save|remember|keep) (?:anything|it|that|this)(?: about me)?|please|now|right now|immediately|again|for good|forever|completely|at once))*",
  },
  {
    remember:
      "(?:merk(?:e)? dir|merken sie sich|denk(?:e)? (?:bitte |immer )?da?ran|denken sie daran|behalte(?: bitte)? im (?:kopf|hinterkopf|gedachtnis)|vergiss (?:bitte )?nicht(?!,? zu )|vergessen sie nicht(?!,? zu )|notier(?:e)? dir|nicht vergessen(?!,? zu )|erinner(?:e)? dich(?: daran)?(?:,? dass| :|:)|speicher(?:e|n sie)?(?: dir)?,? (?:bitte )?dass)(?!\\p{L})",
    forget:
      "(?:kannst|konntest) du (?:bitte )?(?=mein\\p{L}{0,2} .{1,80} vergessen)|(?:(?:vergiss|vergessen(?: sie)?|losche?|loschen sie|merk dir nicht(?: mehr)?)(?: bitte| wieder)*,? (?:dass ich|(?:das|alles) (?:mit|uber|von|zu) mein(?:e[nmrs]?)?|mein(?:e[nmrs]?)?|wo ich|was ich (?:uber|von|zu)|was ich(?! (?:dir )?(?:gesagt|geschrieben|gefragt))|wie ich|wer ich|wann ich|dass mein(?:e[nmrs]?)?|dass wir|unser(?:e[nmrs]?)?))(?!\\p{L})",
    forgetAll:
      "(?:(?:vergiss|vergessen(?: sie)?|losche?|loschen sie)(?: bitte)? (?:alles,? (?:was du )?(?:uber mich|von mir)(?: weisst| gespeichert hast)?|alles,? was (?:du|sie) (?:uber|von) mi(?:ch|r) (?:weisst|wissen|gespeichert hast|gespeichert haben)|alles,? was ich (?:dir|ihnen) (?:uber mich|von mir) (?:erzahlt|gesagt|geschrieben) habe|(?:alle )?gespeicherten? erinnerungen|(?:alle|deine|meine|alle deine|alle meine) erinnerungen(?: an mich)?))(?:,? bitte| sofort| jetzt)*",
  },
  {
    remember:
      "(?:souviens[- ]toi|souvenez[- ]vous|rappelle[- ]toi|rappelez[- ]vous|retiens|retenez|n'oublie pas|ne pas oublier|n'oubliez pas|garde(?:z)? (?:en memoire|a l'esprit)|note(?:z)? (?:bien )?que (?:je|j'\\p{L}+|mon|ma|mes)|memorise(?:z)?|enregistre(?:z)? que (?:je|j'\\p{L}+|mon|ma|mes))(?!\\p{L})",
    forget:
      "(?:(?:oublie[rz]?|efface[rz]?|supprime[rz]?) (?:que (?:je|j'\\p{L}+|mon|ma|mes|nous|notre)|mon|ma|mes|ou (?:je|j'\\p{L}+)|ce que je t'ai dit (?:sur|de)|ce que je(?! viens| t'ai)))(?!\\p{L})",
    forgetAll:
      "(?:(?:oublie[rz]?|efface[rz]?|supprime[rz]?) (?:tout (?:ce que (?:tu sais|vous savez|tu as retenu|je t'ai dit) )?(?:sur|de|a propos de) moi|(?:toutes )?(?:tes|mes|vos|les) (?:souvenirs|memoires)(?: (?:sur|de) moi)?|tous (?:tes|mes|vos|les) souvenirs(?: (?:sur|de) moi)?))(?:,? s'il te plait| s'il vous plait| maintenant)*",
  },
  {
    remember:
      "(?:recuerda(?! cuando| como)|recuerde|acuerdate|no olvides|no olvidar|no te olvides|ten en cuenta|ten presente|tenga en cuenta|apunta que|anota que|guarda que|memoriza)(?!\\p{L})",
    forget:
      "(?:(?:olvida|(?<!no )olvidar|(?<!no )olvides|olvidate de|olvide|borra|borrar|elimina|eliminar) (?:que (?:yo|soy|tengo|vivo|trabajo|me|mi|mis|estoy|no|como|nuestr|\\p{L}+o(?!\\p{L}))|mi|mis|donde (?:vivo|trabajo)|lo de que|nuestr[oa]s?))(?!\\p{L})",
    forgetAll:
      "(?:(?:olvida|(?<!no )olvidar|(?<!no )olvides|olvidate de|olvide|borra|borrar|elimina|eliminar) (?:todo (?:lo que (?:sabes|recuerdas|te he contado|te conte|te he dicho|te dije|has guardado) )?(?:sobre|de|acerca de) mi|(?:todos )?(?:tus|mis|los) recuerdos(?: (?:sobre|de) mi)?|(?:toda )?(?:tu|mi|la) memoria(?: (?:sobre|de) mi)?))(?:,? por favor| ahora)*",
  },
  {
    remember:
      "(?:lembre(?:-se)?(?: de)?(?: que)|lembra(?:-te)?(?: de)?(?: que)|nao (?:se )?esqueca|nao te esquecas|nao esquecer|tenha em mente|tem em mente|anote que|guarde que|memorize|ricorda(?:ti)?(?! quando| come)|ricordi|tieni (?:a mente|presente)|non dimenticare|memorizza|segnati|annota che)(?!\\p{L})",
    forget:
      "(?:(?:esqueca|esquecer?|apague|apagar?) (?:que (?:eu|sou|tenho|moro|vivo|trabalho|meu|minha|\\p{L}+o(?!\\p{L}))|(?:o |a )?(?:meu|minha|meus|minhas)|onde (?:eu )?(?:moro|vivo))|(?:dimentica|dimenticare|dimenticati|scorda|scordare|cancella|cancellare) (?:che (?:io|sono|ho|vivo|abito|lavoro|mi|non|il mio|la mia|\\p{L}+o(?!\\p{L}))|(?:il |la |i |le )?(?:mio|mia|miei|mie)|dove (?:vivo|abito|lavoro)))(?!\\p{L})",
    forgetAll:
      "(?:(?:esqueca|esquecer?|apague|apagar?) (?:tudo (?:o que (?:sabe|sabes|voce sabe|eu te disse) )?(?:sobre|de) mim|(?:todas )?(?:as )?(?:suas|tuas|minhas) memorias(?: (?:sobre|de) mim)?)|(?:dimentica|dimenticare|cancella|cancellare|scorda|scordare) (?:tutto (?:quello che sai |cio che sai |quanto sai )?(?:su|di) (?:di )?me|(?:tutti )?(?:i )?(?:tuoi|miei) ricordi(?: (?:su|di) (?:di )?me)?))(?: por favor| per favore| agora| ora| adesso)*",
  },
  {
    remember:
      "(?:onthoud|herinner je|vergeet niet|niet vergeten|houd er rekening mee|kom ihag|glom inte|husk(?:e)?(?: pa)?(?:,? at)|glem ikke|glem aldri|muista|zapamietaj|pamietaj|nie zapomnij|nie zapominaj)(?!\\p{L})",
    forget:
      "(?:(?:vergeet|vergeten)(?: alsjeblieft)? (?:dat ik|dat mijn|mijn|waar ik|dat wij|dat we)|glom(?:ma)? (?:att jag|att min|att mitt|min|mitt|mina|var jag)|glemm?e? (?:\\p{L}+(?= min[ae]?(?!\\p{L}))|at jeg|at min|at mitt|min|mitt|mine|hvor jeg)|unohda etta|zapomni(?:j|ec),? (?:ze (?:ja|jestem|mam|mieszkam|pracuje|lubie|moj|moja|nie)|o (?:moim|mojej|moich)|gdzie (?:mieszkam|pracuje)|moj|moja|moje))(?!\\p{L})",
    forgetAll:
      "(?:(?:vergeet|wis|verwijder) alles (?:wat je )?(?:over|van) mij(?: weet)?|(?:glom|radera) allt (?:du vet )?om mig|(?:glem|slett) alt (?:du vet )?om meg|(?:glem|slet) alt (?:du ved )?om mig|(?:zapomnij|usun) (?:o )?wszystko(?:,? co (?:o mnie wiesz|wiesz o mnie)| o mnie))(?: alsjeblieft| nu| prosze)*",
  },
  {
    remember:
      "(?:запомни(?:те)?|помни(?:те)?|не забудь(?:те)?|не забывай(?:те)?|имей(?:те)? в виду|учти(?:те)?|запам'ятай(?:те)?|пам'ятай(?:те)?|hatirla|unutma|.{1,60} (?:hatirla|unutma)|aklinda tut|sunu hatirla|ingat(?:lah)?(?: bahwa)?|jangan lupa)(?!\\p{L})",
    forget:
      "(?:(?:забудь(?:те)?|забыть),? (?:что (?:я|у меня|мой|моя|мое|мои|меня|мне|мы)|где я|кто я|мой|мою|мое|мои|о моей|о моем|про мо\\p{L}{1,3})|удали(?:те)?,? (?:что я|мо[еюий]\\p{L}{0,2})|забудь,? що я|lupakan (?:bahwa (?:saya|aku)|nama saya|(?:di mana|apa) saya))(?!\\p{L})|(?:\\p{L}+ ){0,3}\\p{L}+[iu]m[iu] unut(?!\\p{L}|ma)|.{1,80} (?:oldugumu|ettigimi|yasadigimi|sevdigimi|calistigimi|\\p{L}+[dt][iu]g[iu]m[iu]) unut(?!\\p{L}|ma)",
    forgetAll:
      "(?:(?:забудь(?:те)?|удали(?:те)?|сотри(?:те)?) (?:все,? (?:что (?:ты|вы) (?:обо мне )?(?:знаешь|знаете|помнишь|помните)(?: обо мне)?|обо мне|про меня)|обо мне все|все обо мне)|hakkimda(?:ki)? (?:bildigin )?(?:her seyi|herseyi) (?:unut|sil)|lupakan (?:semua|segalanya|segala sesuatu) tentang (?:saya|aku))(?: пожалуйста| lutfen)*",
  },
  {
    remember:
      "(?:记住|记得(?!.{0,6}吗)|請記住|记一下|記住|記得(?!.{0,6}嗎)|别忘了|別忘了|覚えて(?:おいて|ください|て|ね|$)|忘れないで|기억해|잊지 ?마|تذكر|لا تنس|احفظ ان|याद रख|मत भूल|به خاطر بسپار|یادت باشه|จำไว้|nho rang|hay nho)|.{1,60}[，,、]\\s*(?:请|請|帮我|幫我)?(?:记住|记得|記住|記得|别忘了|別忘了)|.{1,120}(?:を覚えて|と覚えて|覚えておいて|忘れないで|기억해|잊지 ?마|याद रख|मत भूल)",
    forget:
      "(?:忘记我|忘掉我|忘了我|忘記我|删除我|别记我|(?:别|不要|不用)(?:再)?记住?我|انسى? (?:اني|انني|أني|أنني)|احذف (?:اني|انني)|فراموش کن که من|ลืมว่า|hay quen rang toi)|.{1,80}(?:ことを?忘れて|を忘れて|는 ?(?:것|걸|거)을? ?잊어|(?:을|를) 잊어|भूल जा)|भूल जा\\p{L}{0,2} कि",
    forgetAll:
      "(?:(?:忘记|忘掉|忘了|忘記|删除|清除|刪除)(?:你知道的)?(?:关于|關於|有关|有關)我的(?:一切|所有|全部)(?:信息|記憶|记忆|事情|資料|资料|事)?|私(?:について|のこと|に関する)(?:は|の)?(?:こと|情報|記憶)?を?(?:全部|すべて|全て)(?:の(?:こと|情報|記憶))?を?(?:忘れて|消して|削除して)(?:ください|下さい)?|(?:나|저)에 (?:대한|대해) (?:모든 것|모든 걸|모든 기억|모든 정보|전부|다)(?:을|를)? ?(?:잊어|삭제해|지워) ?(?:줘|주세요)?|(?:انسى?|احذف|امسح) كل (?:شيء|شي|ما تعرفه) عني|मेरे बारे में सब ?(?:कुछ)? भूल जा(?:ओ|एं|इए)|همه چیز را? ?درباره من فراموش کن)",
  },
];
