/** Words by what they are about, which say together with the ask what is wanted. `*` ends a stem, `_` joins words. */
export const TOPIC_WORDS: Readonly<Record<string, string>> = {
  animal: `dog dogs puppy cat cats kitten horse horses cow cows pig sheep goat chicken hen duck rabbit mouse mice rat snake
    snakes lizard turtle frog fish shark sharks whale whales dolphin dolphins octopus spider spiders ant ants bee bees
    butterfly bird birds eagle owl parrot penguin penguins bat bats bear bears panda lion tiger wolf fox deer elephant giraffe
    zebra monkey gorilla kangaroo koala camel crocodile dinosaur dinosaurs insect mammal reptile mosquito worm worms snail
    perro gato chien chat hund katze cachorro cane gatto собак* кошк* 狗 猫 犬 鳥 动物 動物 개 고양이 كلب قطة कुत्ता बिल्ली`,
  food: `food meal dinner lunch breakfast dessert cake cookies bread pasta pizza rice soup salad sauce cheese milk egg eggs
    butter sugar flour salt pepper oil garlic onion tomato tomatoes potato potatoes carrot beans lentils chicken_breast beef
    pork fish_sauce shrimp salmon tofu vegan vegetarian gluten coffee tea wine beer juice water_bottle apple_pie banana bananas
    oranges lemon strawberry chocolate vanilla spice curry noodles burger sandwich taco avocado mushroom mushrooms oven bake
    boil fry roast grill freezer fridge comida cena cuisine plat repas essen kochen comida jantar cibo cena еда ужин 菜 饭 吃 料理
    ご飯 食べ 요리 음식 طعام أكل खाना`,
  body: `heart liver kidney kidneys lung lungs brain blood bone bones skin eye eyes ear teeth tooth stomach muscle muscles
    nerve artery vein pancreas spleen hormone hormones pain headache fever cough cold_symptoms flu rash symptom symptoms doctor
    medicine vitamin vitamins sleep pregnant pregnancy allergy allergic weight calories protein diabetes cancer therapy back_pain
    dolor cabeza médico douleur médecin schmerzen arzt dor médico dolore medico боль врач 疼 头痛 医生 痛い 病院 아파 병원 ألم طبيب दर्द डॉक्टर`,
  feeling: `sad happy angry upset lonely scared afraid nervous anxious worried tired exhausted stressed overwhelmed hurt cry
    crying cried love hate jealous guilty ashamed embarrassed proud grief miss_him miss_her broke_up breakup dumped cheated fight
    argument feel feelings confidence confident shy bored hopeless heartbroken lost_my passed_away died_last burnout
    triste feliz enojado ansiedad estresada sola solo miedo triste heureux peur seul stressé fatigué traurig glücklich angst
    einsam müde gestresst triste feliz medo sozinha sozinho ansioso triste felice paura stanco груст* одинок* боюсь устал* смутн*
    难过 伤心 焦虑 压力 孤独 害怕 累 悲しい 寂しい 不安 疲れ つらい 辛い 怖い 슬퍼 외로 불안 힘들 حزين خائف قلق وحيد उदास डर अकेला परेशान`,
  family: `mom mother dad father parents brother sister son daughter wife husband girlfriend boyfriend partner friend friends
    grandma grandmother grandpa baby toddler kid kids teenager cousin aunt uncle neighbor neighbors neighbour roommate colleague
    coworker boss teacher students ex marriage divorce family mamá papá madre padre hijo hija novio novia amigo amiga jefe vecino
    mère père fils fille mari femme copain ami amie patron mutter vater sohn tochter freund freundin chef kollege nachbar mãe pai filho
    filha namorado amiga chefe mamma papà figlio figlia marito moglie amico capo мама папа муж жена сын дочь друг подруг* начальник
    妈妈 爸爸 孩子 朋友 老板 女朋友 男朋友 室友 同事 母 父 友達 彼氏 彼女 上司 息子 娘 夫 妻 엄마 아빠 친구 상사 أمي أبي صديقي مديري زوجتي माँ पिता दोस्त बेटा पत्नी`,
  "famous-past": `shakespeare einstein newton darwin napoleon caesar cleopatra mozart beethoven bach da_vinci leonardo michelangelo
    picasso van_gogh monet rembrandt dali lincoln washington jefferson kennedy roosevelt churchill hitler stalin lenin gandhi
    mandela martin_luther_king columbus galileo copernicus aristotle plato socrates kant nietzsche freud marx tesla_the edison
    curie hawking turing tolkien hemingway dickens austen orwell twain poe homer tolstoy dostoevsky cervantes goethe dante
    elvis beatles michael_jackson marilyn_monroe queen_victoria henry_viii genghis_khan alexander_the charlemagne buddha
    confucius joan_of_arc gagarin armstrong bolívar frida_kahlo borges molière voltaire bismarck luther camões garibaldi pushkin
    пушкин* толст* ленин* сталин* 李白 杜甫 孔子 秦始皇 毛泽东 织田信长 夏目漱石 芥川 सौरव गांधी नेहरू अकबर`,
  "past-event": `world_war_i world_war_ii world_war civil_war revolution titanic moon_landing berlin_wall pearl_harbor d_day treaty
    independence magna_carta black_death renaissance middle_ages ottoman roman_empire ancient_egypt ancient_greece dynasty cold_war
    vietnam_war apollo chernobyl hiroshima great_depression gold_rush industrial_revolution crusades empire
    guerra_civil guerra_mundial revolución guerre_mondiale révolution weltkrieg revolution segunda_guerra война войны революц*
    战争 革命 王朝 唐朝 戦争 時代 幕府 전쟁 조선 حرب ثورة युद्ध स्वतंत्रता`,
  "work-of-art": `novel the_book movie film series the_show song album painting opera symphony poem_by playwright harry_potter lord_of_the
    game_of_thrones star_wars star_trek hamlet macbeth odyssey iliad mona_lisa titanic_movie godfather matrix_movie simpsons friends
    breaking_bad disney pixar marvel batman superman spider_man avengers pokemon zelda mario sherlock james_bond chapter_of
    película canción libro film chanson livre roman lied buch filme música livro canzone libro фильм песн* книг* роман* 电影 歌曲 小说 红楼梦 映画 小説 曲 영화 노래 فيلم أغنية رواية फिल्म गाना`,
  place: `country countries city cities state states capital continent river rivers mountain mountains ocean sea lake island desert
    africa asia europe america antarctica australia canada mexico brazil argentina france germany spain italy portugal
    england scotland ireland greece turkey russia china japan korea india pakistan egypt nigeria kenya south_africa israel iran
    london paris berlin rome madrid tokyo beijing delhi mumbai new_york chicago texas california florida everest amazon nile
    sahara eiffel_tower great_wall país ciudad río montaña pays ville fleuve montagne land stadt fluss berg país cidade rio
    paese città fiume monte страна город рек* гор* 国家 城市 河 山 省 国 都市 川 県 나라 도시 강 산 دولة مدينة نهر جبل देश शहर नदी पर्वत`,
  "living-star": `taylor_swift beyonce rihanna drake kanye elon_musk musk bezos zuckerberg bill_gates trump biden harris putin xi
    macron zelensky netanyahu modi starmer merz scholz meloni pope_leo messi ronaldo mbappe haaland lebron curry mahomes ohtani
    djokovic alcaraz nadal federer verstappen hamilton kardashian prince_harry king_charles kate_middleton mrbeast joe_rogan
    sam_altman openai tesla nvidia apple_event iphone_1 spacex starship boeing netflix tiktok twitter x_com chatgpt gemini_2 claude
    gpt_5 gpt 特朗普 拜登 马斯克 华为 小米 大谷 トランプ 총리 ترامب मोदी कोहली`,
  company: `apple google microsoft amazon meta facebook samsung sony toyota honda ford bmw volkswagen walmart costco target_store
    starbucks mcdonalds nike adidas intel amd ibm oracle uber airbnb spotify disney_plus youtube instagram whatsapp snapchat
    reddit linkedin paypal visa mastercard pfizer exxon jpmorgan goldman airlines delta ryanair lufthansa`,
  banking: `card cards debit credit_card account accounts transfer transfers top_up payment payments cash withdrawal atm pin
    bank banking iban balance direct_debit refund fee fees charged charge exchange_fee currency_account beneficiary declined
    pending verify identity_verification passcode statement loan mortgage insurance tax taxes invoice salary paycheck 401k
    tarjeta cuenta transferencia banco carte compte virement banque karte konto überweisung bank cartão conta carta conto bonifico
    карт* счет перевод банк* 银行卡 转账 账户 口座 振込 カード 계좌 카드 بطاقة حساب تحويل खाता बैंक कार्ड`,
  school: `student school university college exam exams homework class_of lesson essay_for thesis teacher professor lecture
    curriculum kindergarten grade degree scholarship study studying colegio universidad examen école université devoir schule
    universität prüfung hausaufgaben escola universidade prova scuola università esame школ* университет* экзамен* 学校 大学 考试 作业 試験 宿題 학교 시험 مدرسة جامعة امتحان स्कूल परीक्षा`,
  home: `house home apartment room kitchen bathroom bedroom garden yard furniture sofa couch curtains paint wall_color carpet stain
    laundry clean cleaning dishes vacuum plumbing faucet leak drawer closet moving declutter lawn roses plant plants
    casa cocina jardín maison cuisine_de jardin haus küche garten wohnung casa cozinha casa giardino дом кварт* сад 房间 家里 花园 部屋 庭 掃除 집 방 منزل غرفة घर`,
  travel: `travel trip vacation holiday itinerary hotel hostel flight_to beach hike hiking camping road_trip backpacking passport
    luggage sightseeing museum museums restaurant restaurants days_in week_in honeymoon cruise viaje vacaciones playa voyage
    vacances plage urlaub reise strand viagem férias praia viaggio vacanza spiaggia отпуск* путешеств* пляж 旅游 度假 酒店 旅行先 温泉 観光 ホテル 여행지 호텔 سفر فندق छुट्टी घूमने`,
  philosophy: `ethics ethical moral morality free_will consciousness existential existentialism utilitarianism deontology stoic
    stoicism nihilism absurdism meaning_of_life justice virtue metaphysics epistemology ontology dualism determinism
    compatibilism categorical trolley_problem rawls hume descartes hegel heidegger sartre wittgenstein aquinas locke hobbes rousseau
    ética moral filosofía philosophie éthique ethik filosofia etica этик* философ* 哲学 道德 伦理 倫理 철학 윤리 فلسفة أخلاق दर्शन नैतिक`,
  "science-field": `physics chemistry biology geology astronomy genetics ecology evolution atom atoms molecule molecules cell cells
    dna rna gene genes protein_synthesis virus bacteria planet planets star stars galaxy universe gravity energy light_speed
    temperature_of pressure force mass volume_of density velocity heat gas liquid solid acid base_of reaction ions metal
    photosynthesis osmosis ecosystem species climate_change greenhouse carbon_dioxide oxygen nitrogen volcano earthquake_waves tectonic
    physics_of physique chimie biologie physik chemie química física biología fisica chimica физик* хими* 物理 化学 生物 遗传 物理学 生物学 과학 물리 화학 فيزياء كيمياء विज्ञान भौतिकी रसायन`,
  medicine: `diagnosis diagnose treatment_of patient patients clinical dose mg_of hypertension hypotension tachycardia infarction
    myocardial ischemia stroke anemia leukemia lymphoma hepatitis cirrhosis renal pulmonary cardiac neuropathy sepsis antibiotic
    antibiotics penicillin_allergy beta_blocker ace_inhibitor insulin warfarin ecg mri ct_scan biopsy lesion lesions edema
    hypothyroidism hyperthyroid* cushing addison lupus arthritis seizure epilepsy parkinson alzheimer schizophrenia bipolar
    tratamiento_de paciente diagnóstico patient_de diagnostic therapie_bei paciente_com paziente пациент* диагноз* 患者 诊断 治疗 診断 治療 환자 진단 مريض تشخيص रोगी निदान`,
  law: `contract contracts tort breach damages negligent landlord tenant lease plaintiff_s defendant_s court judge jury statute
    constitution constitutional amendment supreme_court crime criminal murder theft larceny burglary robbery evidence admissible
    testimony warrant search_and seizure easement trespass trust_law fiduciary copyright patent trademark custody estate
    demandante contrato_de tribunal delito contrat droit tribunal vertrag gericht haftet anspruch bgb contrato direito crime
    contratto reato codice_civile договор* суд* закон* 合同 法院 违约 刑法 契約 裁判 民法 損害賠償 계약 법원 عقد محكمة قانون अनुबंध न्यायालय`,
  economics: `inflation_expectations monetary fiscal gdp recession supply demand price_elasticity surplus deficit tariff_on subsidy
    externality externalities public_good comparative_advantage opportunity_cost utility indifference_curve marginal bond_yield
    coupon portfolio sharpe diversification hedge option_price futures depreciation revenue profit margin fixed_cost variable_cost
    oferta demanda elasticidad offre demande élasticité angebot nachfrage elastizität domanda offerta спрос* предложени* инфляци*
    需求 供给 通货膨胀 边际 需要 供給 限界 수요 공급 عرض طلب_على मांग आपूर्ति`,
  "software-world": `app apps software developer developers website web_page web_app mobile_app browser chrome firefox android ios_app iphone_app
    windows_11 macos laptop server servers database databases deploy cloud_provider api_call url json_schema codebase_of git_repo
    production staging release_pipeline kubernetes_cluster container_image bug_in crash crashes log_file logs_show timeout_after
    null undefined nan stacktrace_below exception_when permission_denied connection_refused module_not import_error version_conflict
    upgrade upgrading downgrade migrate migration config configuration env localhost_3000 ui ux_of widget navbar modal dropdown
    form_validation checkbox textarea canvas_element svg responsive media_query stylesheet css_class font_size hover animation_in
    scroll listview recyclerview viewmodel jetpack_compose swift_ui storyboard apk gradle_build emulator
    aplicación página_web servidor appli site_web serveur anwendung webseite aplicativo servidor página applicazione sito_web сервер*
    сайт* приложени* aplikacj* serwer* 应用 网站 服务器 浏览器 组件 页面 アプリ サイト サーバー ブラウザ 画面 ボタン 앱 서버 웹사이트 تطبيق موقع سيرفر ऐप वेबसाइट सर्वर`,
  "output-format": `json_format in_json as_json json_block markdown in_all_caps all_capital capital_letters lowercase_letters no_commas
    highlight sections section double_quotes wrap_your wrap_the entire_response entire_output response_should your_answer_should
    at_least_300 number_of_words placeholders square_brackets title_wrapped angular_brackets postscript p_s separated_by
    exactly_two repeat_the_request without_using do_not_use make_sure include_the keyword keywords end_your finish_your`,
};
