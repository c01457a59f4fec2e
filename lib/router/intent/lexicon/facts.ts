/** Words of short facts and small talk. `*` ends a stem, `_` joins the words of a phrase. */
export const FACT_WORDS: Readonly<Record<string, string>> = {
  "small-talk": `hi hello hey hiya yo sup howdy greetings good_morning good_afternoon good_evening good_night
    goodnight thanks thank_you thx ty cheers bye goodbye see_you later ok okay k cool nice great awesome lol haha hmm yes
    yeah yep no nope sure sorry how_are_you what_s_up whats_up who_are_you are_you_there what_can_you you_there
    nice_to_meet welcome never_mind nevermind got_it perfect wow hola buenos_días buenos_dias buenas gracias adiós chao vale
    qué_tal que_tal cómo_estás bonjour salut merci coucou bonsoir au_revoir d_accord ça_va hallo guten_morgen guten_tag
    danke tschüss moin servus wie_geht_s olá oi bom_dia boa_tarde boa_noite obrigado obrigada tchau tudo_bem ciao
    buongiorno buonasera grazie arrivederci come_stai привет здравствуй* спасибо пока добрый_день доброе_утро как_дела cześć
    dzień_dobry dzięki dziękuję hoi goedemorgen bedankt dank_je merhaba selam teşekkür* sağol günaydın nasılsın
    你好 您好 谢谢 早上好 晚安 再见 嗨 在吗 こんにちは おはよう ありがとう こんばんは おやすみ さようなら やあ 안녕 고마워 감사합니다 잘_자 مرحبا السلام_عليكم شكرا شكراً
    صباح_الخير مساء_الخير اهلا أهلا كيف_حالك नमस्ते धन्यवाद शुक्रिया सुप्रभात हैलो कैसे_हो namaste shukriya dhanyavaad salam marhaba shukran`,
  "word-meaning": `synonym synonyms antonym antonyms spell spelling spelled pronounce pronunciation plural definition_of
    define meaning_of mean means stand_for stands_for abbreviation acronym etymology past_tense opposite_of rhymes_with
    how_do_you_say how_to_say translate_the_word in_spanish in_french in_german in_italian in_japanese in_chinese
    in_english word_for another_word conjugat* homophone sinónimo sinónimos antónimo significa cómo_se_dice como_se_dice
    se_escribe plural_de definición synonyme antonyme veut_dire signifie comment_dit comment_dit_on s_écrit orthographe synonym_für
    gegenteil bedeutet heißt_auf was_heißt schreibt_man mehrzahl significado_de como_se_diz sinônimo antônimo
    significa_a come_si_dice sinonimo contrario_di cosa_significa si_scrive как_будет синоним* значит означает пишется
    znaczy synonim* po_angielsku jak_się_pisze betekent hoe_zeg demek ne_demek eş_anlamlısı zıt_anlamlısı ingilizcesi
    近义词 反义词 什么意思 怎么读 怎么写 英语怎么说 用英语 拼音 どういう意味 意味は 読み方 英語で 反対語 類義語 何て言う 무슨_뜻 영어로 반대말 뜻이 معنى مرادف ضد كيف_أقول بالإنجليزية मतलब
    अर्थ विलोम पर्यायवाची अंग्रेजी_में matlab_kya`,
  trivia: `capital_of capital_city who_wrote who_invented who_discovered who_painted who_directed who_composed who_sang
    who_sings who_played who_plays who_founded who_was who_built author_of when_did when_was what_year which_year in_which_year
    where_was where_is where_did where_are born died founded invented discovered first_person first_man first_woman largest
    tallest longest highest smallest deepest biggest oldest fastest heaviest how_tall how_old how_far_is how_long_is
    how_deep how_high how_many_people how_many_bones how_many_legs how_many_states how_many_planets how_many_days
    how_many_players boiling_point freezing_point chemical_symbol atomic_number speed_of_light currency_of language_spoken
    which_country which_city which_planet which_river what_country what_city what_color what_colour name_of_the in_one_word
    national_anthem nickname capital_de quién_escribió quién_inventó quién_pintó quién_fue en_qué_año cuándo_nació murió
    dónde_está más_grande más_largo más_alto cuántos_habitantes moneda_de qui_a_écrit qui_a_inventé qui_a_peint capitale_de
    en_quelle_année quand_est_né où_se_trouve plus_grand plus_haut plus_long hauptstadt wer_schrieb wer_hat wer_war wer_erfand
    in_welchem_jahr wann_wurde wo_liegt größte höchste längste quem_escreveu quem_inventou quem_pintou quem_foi em_que_ano
    onde_fica maior mais_alto capitale chi_ha_scritto chi_ha_inventato chi_ha_dipinto chi_era in_che_anno dove_si_trova
    più_grande più_alto più_lungo столиц* кто_написал кто_изобрёл кто_изобрел в_каком_году когда_родился где_находится сам* stolic* kto_napisał
    w_którym_roku gdzie_leży największ* hoofdstad wie_schreef in_welk_jaar waar_ligt grootste başkent* kim_yazdı hangi_yıl
    nerede en_büyük en_uzun 首都 谁写的 谁发明 哪一年 作者是 最大的 最高的 最长的 在哪里 第一个 多少年 首都は 誰が 何年に 作者は 一番高い 一番大きい 一番長い どこに 수도 누가 몇_년 가장_큰 가장_높은 어디에
    عاصمة من_كتب من_اخترع في_أي_عام أكبر أطول أعلى أين_تقع متى_ولد राजधानी किसने_लिखा किसने आविष्कार किस_वर्ष सबसे_बड़ा सबसे_बड़ी सबसे_ऊंचा सबसे_लंबी कहाँ_है`,
  unit: `km kilometers kilometres miles mile meters metres feet foot inches inch cm yards kg kilograms pounds lbs ounces
    oz grams stone liters litres gallons cups tablespoons teaspoons celsius fahrenheit kelvin acres hectares mph knots
    minutes_in hours_in days_in seconds_in weeks_in ounces_in grams_in cups_in convert kilómetros millas libras pulgadas
    onzas kilomètres livres pouces meilen pfund zoll unzen quilômetros milhas polegadas chilometri miglia pollici libbre
    километр* миль фунт* дюйм* kilometr* mil funt* cali 公里 英里 公斤 磅 英寸 厘米 摄氏 キロ マイル ポンド インチ センチ 摂氏 킬로 마일 파운드 인치 كيلومتر ميل رطل बوصة किलोमीटर मील पाउंड इंच`,
  device: `alarm alarms timer remind_me reminder reminders set_a set_an play playlist song music volume turn_on turn_off
    lights light_off dim call_mom call text_my mute unmute shuffle podcast calendar appointment shopping_list to_do_list
    add_to list_please snooze brightness thermostat tell_me_a_joke joke flip_a_coin roll_a_dice what_time time_is_it what_day
    what_s_the_date date_today pin transfer balance credit_card alarma temporizador pon_la pon_música recuérdame apaga enciende
    luces qué_hora chiste réveil minuteur mets_de rappelle_moi éteins allume lumières quelle_heure blague wecker timer_auf
    spiel_musik erinnere_mich licht schalte wie_spät witz alarme lembre toque_música apague acenda luzes que_horas piada
    sveglia ricordami metti_musica spegni accendi luci che_ore barzelletta будильник таймер напомни включи выключи который_час
    шутк* анекдот* budzik przypomnij włącz wyłącz która_godzina żart wekker herinner zet_de grap hoe_laat alarm_kur hatırlat
    çal kapat aç saat_kaç şaka fıkra 闹钟 提醒我 播放 打开 关闭 关掉 几点 笑话 アラーム タイマー 再生 かけて つけて 消して 何時 リマインド ジョーク 알람 틀어 켜 꺼 몇_시 농담 المنبه منبه ذكرني شغل أطفئ نكتة كم_الساعة
    अलार्म याद_दिला बजाओ चलाओ बंद_करो लाइट समय_क्या चुटकुला`,
  "wh-who": `who whose whom quién quien quiénes qui wer wen quem chi кто kto wie_is kim 谁 誰 누구 من मن कौन किसने kaun`,
  "wh-what": `what whats which qué que_es cuál cual quel quelle quels quelles qu_est was_ist welche* qual quais che_cosa cosa quale quali
    что какой какая какое какие co_to jaki jaka jakie wat welke ne_kadar hangi nedir 什么 哪个 哪些 何 どの どれ 뭐 무엇 어떤 어느 ما ماذا أي ما_هي ما_هو क्या कौन_सा kya`,
  "wh-when": `when cuándo cuando quand wann quando когда kiedy wanneer ne_zaman 什么时候 何时 いつ 언제 متى कब kab`,
  "wh-where": `where dónde donde où wo wohin onde dove где куда gdzie waar nerede 哪里 哪儿 どこ 어디 أين اين कहाँ कहां kahan`,
  "wh-why": `why por_qué porque_el pourquoi warum wieso weshalb por_que perché perche почему зачем dlaczego waarom neden niye 为什么 なぜ どうして なんで 왜 لماذا ليه क्यों kyun`,
  "wh-how": `how cómo como comment wie como_faço come как jak hoe nasıl 怎么 如何 怎样 どうやって どうすれば どのように 어떻게 كيف कैसे kaise`,
  past: `was were did had wrote invented discovered ancient century war_ii world_war history historical originally former
    fue era nació était fut wurde war_der foi fu_il был была были był была был`,
};
