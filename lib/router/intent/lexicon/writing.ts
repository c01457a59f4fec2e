/** Words of writing, explaining and advising, and what refers back. `*` ends a stem, `_` joins the words of a phrase. */
export const WRITING_WORDS: Readonly<Record<string, string>> = {
  "write-verb": `write draft compose rewrite rephrase paraphrase proofread edit_this edit_my improve_this polish reword
    brainstorm outline create_a generate_a generate come_up_with give_me_a give_me_some suggest suggestions craft
    make_it_sound fix_my_grammar fix_the_grammar correct_my correct_the continue_the_story tell_me_a_story narrate design_a
    escribe escribir redacta redactar reescribe corrige mejora_este ayúdame ayudame genera crea_un crea_una écris écrire
    rédige rédiger réécris reformule corrige_ce aide_moi crée génère schreibe schreib verfasse formuliere umformulieren
    korrigiere verbessere hilf_mir erstelle entwirf escreva escrever redija reescreva corrija melhore me_ajude ajude crie
    gere scrivi scrivere redigi riscrivi correggi migliora aiutami crea_un crea_una напиши написать составь перепиши
    исправь придумай помоги сочини napisz napisać przeredaguj popraw pomóż ułóż schrijf herschrijf verbeter help_me maak_een
    yaz yazar_mısın düzelt yardım_et oluştur hazırla 写 帮我写 起草 改写 润色 撰写 拟 编一个 想几个 書いて 作成して 考えて 添削 書き直して まとめて 作って 써줘 작성 다듬어 만들어_줘 고쳐 اكتب أكتب صغ
    أعد_صياغة صحح ساعدني اقترح लिखो लिखें लिखिए लिख सुधारो मदद बनाओ सुझाओ likho likh`,
  "text-kind": `email e_mail mail letter cover_letter resume cv essay poem haiku sonnet limerick story short_story blog
    blog_post article tweet caption captions slogan tagline speech toast script_for screenplay dialogue lyrics song_about
    song_lyrics press_release product_description newsletter headline_for title_for linkedin post bio profile message_to
    text_to_my apology complaint invitation greeting_card wedding birthday_message review report paragraph introduction
    conclusion proposal pitch business_plan lesson_plan character novel chapter fantasy plot monologue joke_about quote
    correo carta ensayo poema cuento artículo discurso guion publicación reseña courriel lettre_de lettre dissertation
    poème histoire_courte nouvelle article discours billet texte e_mail_an brief bewerbung anschreiben aufsatz gedicht
    geschichte artikel rede text beitrag e_mail redação carta poema conto artigo discurso texto legenda lettera tema
    poesia racconto articolo discorso testo письмо письма эссе стих* рассказ* стать* речь текст пост сказк* list esej
    wiersz opowiadanie artykuł przemówienie tekst gedicht verhaal artikel toespraak tekst mektup e_posta şiir hikaye makale
    konuşma metin 邮件 信 作文 诗 故事 文章 演讲 文案 简历 小说 标题 求职信 论文 メール 手紙 作文 詩 物語 記事 スピーチ 文章 履歴書 小説 キャッチコピー 이메일 편지 에세이 시를 이야기 글 기사 연설 자기소개서 رسالة
    بريد مقال قصيدة قصة خطاب نص إيميل पत्र ईमेल निबंध कविता कहानी लेख भाषण`,
  explain: `explain explained explaining describe description_of tell_me_about overview introduction_to how_does how_do
    how_did why_does why_do why_is why_are difference_between differences_between compare comparison contrast pros_and_cons
    advantages disadvantages benefits_of in_simple_terms simple_terms eli5 like_i_m_5 to_a_child to_my_grandma history_of impact_of
    causes_of effects_of significance_of role_of discuss elaborate what_are_the importance_of teach_me walk_me_through
    explica explícame explicar describe cómo_funciona como_funciona diferencia_entre ventajas compara explique expliquer
    décris différence_entre avantages compare comment_fonctionne erkläre erklär erklären beschreibe unterschied_zwischen
    vor_und_nachteile vergleiche wie_funktioniert explique_o como_funciona diferença_entre vantagens descreva spiega spiegami
    descrivi differenza_tra vantaggi come_funziona confronta объясни расскажи опиши разница чем_отличается сравни как_работает
    wyjaśnij opisz różnica porównaj opowiedz leg_uit uitleggen verschil_tussen hoe_werkt açıkla anlat fark nasıl_çalışır karşılaştır
    解释 介绍 区别 比较 说明 优缺点 原理 讲讲 讲解 谈谈 影响 说说 説明 違い 教えて 比較 仕組み について 解説 メリット 설명 차이 비교 알려줘 장단점 اشرح شرح الفرق قارن صف تحدث_عن समझाओ समझाइए बताओ अंतर
    तुलना वर्णन बताइए samjhao batao`,
  summarise: `summarize summarise summary tl_dr tldr key_points main_points bullet_points bullets condense shorten extract
    analyze analyse analysis_of interpret sentiment classify categorize translate translate_this translate_the_following
    following_text following_article following_passage following_paragraph following_email this_article this_text
    this_passage the_text_below below resume_este resumir resume_el traduce analiza résume résumer traduis analyse_ce
    fasse_zusammen zusammenfassen zusammenfassung übersetze analysiere resuma resumir traduza analise riassumi traduci
    analizza кратко резюме переведи перескажи проанализируй streść podsumuj przetłumacz samenvatten vat_samen vertaal
    özetle çevir analiz_et 总结 概括 翻译 分析 摘要 要約 翻訳 分析 要点 요약 번역 분석 لخص ترجم حلل सारांश अनुवाद विश्लेषण`,
  advice: `advice should_i tips recommend recommendation* ideas idea best_way how_can_i how_do_i how_should_i what_should_i
    help_me i_feel i_m_feeling feeling feel_like my_boss my_wife my_husband my_girlfriend my_boyfriend my_friend my_mom my_dad
    my_son my_daughter my_kid my_kids my_boss relationship anxious anxiety depressed stressed lonely motivation motivate
    habit habits career interview interviews negotiate salary_raise quit_my_job diet lose_weight workout exercise_routine
    sleep_better recipe recipes cook dinner_ideas meal_plan meal_prep itinerary trip_to day_trip vacation travel_to
    study_plan learn_to gift gifts present_for party birthday_party decorate garden plants dog cat puppy movie_recommend*
    books_like book_recommend* outfit consejo consejos debería recomienda recomiéndame ideas_para receta viaje_a conseil conseils
    devrais_je recommande recommandes idées recette voyage tipps rat soll_ich sollte_ich empfehle empfiehl ideen rezept reise
    geschenk conselho conselhos devo recomende dicas receita viagem presente consiglio consigli dovrei consigliami ricetta
    viaggio regalo совет* посоветуй стоит_ли рецепт* подарок идеи порекомендуй поездк* rad porad* przepis prezent polec
    pomysł* advies tips_voor recept cadeau reis öneri öner tavsiye tarif hediye gezi 建议 推荐 怎么办 旅行 食谱 礼物 攻略 计划 减肥 おすすめ アドバイス レシピ 旅行 プレゼント 悩んで 相談 コツ 추천 조언 레시피 여행
    선물 고민 نصيحة نصائح انصحني وصفة رحلة_إلى هدية اقتراح सलाह सुझाव रेसिपी यात्रा उपहार salah`,
  role: `act_as you_are_a you_are_an pretend pretend_to imagine_you roleplay role_play role_playing play_the_role as_if_you
    persona in_the_style_of in_the_voice from_the_perspective as_a_pirate speak_like respond_as simulate stay_in_character
    actúa_como eres_un eres_una imagina_que agis_comme tu_es_un tu_es_une imagine_que du_bist_ein du_bist_eine stell_dir_vor
    tu_als aja_como você_é_um imagine_que agisci_come sei_un immagina ты_эксперт представь веди_себя действуй_как
    wyobraź_sobie jesteś wcielasz doe_alsof je_bent_een gibi_davran sen_bir 扮演 假装 你是一个 你是一名 角色扮演 になりきって あなたは ロールプレイ として振る舞 역할 당신은 تصرف_كأنك
    أنت_خبير تخيل मान_लो तुम_एक आप_एक`,
  business: `marketing customer customers client_email refund brand branding startup product_launch audience campaign seo
    social_media strategy_for sales_pitch investor investors stakeholder* team meeting_notes agenda employee employees
    onboarding company policy hr leadership swot competitor* target_market content_calendar instagram tiktok youtube_channel
    etsy shopify order_number my_order cancel_my subscription account invoice complaint_about cliente empresa clientes
    entreprise unternehmen kunde kunden firma empresa_de azienda cliente_che компани* клиент* бизнес* klient* bedrijf klant
    müşteri şirket 客户 公司 品牌 营销 创业 团队 顾客 会社 顧客 ブランド マーケティング 企画 上司 회사 고객 마케팅 브랜드 شركة عميل تسويق कंपनी ग्राहक`,
  "length-wish": `words_or word_essay 500_words 200_words 300_words 1000_words paragraphs detailed in_detail in_depth step_by_step
    comprehensive long_form at_least_three tone formal informal friendly professional persuasive funny humorous creative catchy
    engaging concise tono formal_y ton formel freundlich förmlich tom_formal tono_formale дружелюбн* официальн* 字 字左右 字以内 文字以内 丁寧 자로`,
  "image-given": `this_picture this_image this_photo the_picture the_image the_photo attached_image attached_photo picture_i
    photo_i image_i screenshot_i the_screenshot this_screenshot in_the_picture in_the_image in_the_photo uploaded_image
    i_uploaded i_attached i_just_sent picture_above image_above photo_above in_this_picture shown_here pictured
    esta_imagen esta_foto la_imagen la_foto captura_de foto_que imagen_que cette_image cette_photo l_image la_photo
    capture_d_écran diesem_bild dem_bild das_bild dieses_bild diesem_foto dem_foto screenshot essa_imagem esta_imagem
    essa_foto a_foto a_imagem nesta_imagem questa_immagine questa_foto l_immagine nella_foto schermata этой_картинке
    на_фото картинке фотографии скриншот* zdjęciu obrazku tym_zdjęciu deze_foto afbeelding bu_resim bu_fotoğraf görselde
    fotoğraftaki 图片 这张图 照片 截图 图中 この画像 この写真 写真に スクリーンショット 画像の 写真の 스크린샷 이_사진 이_이미지 사진에 الصورة صورة هذه_الصورة तस्वीर फोटो चित्र_में screenshot_me`,
  draw: `draw drawing paint sketch picture_of image_of illustration logo_for generate_an_image create_an_image
    create_a_picture dibuja dibújame dessine zeichne desenhe disegna нарисуй narysuj teken çiz 画 描いて イラスト 그려 ارسم बनाओ_चित्र`,
  "refer-back": `it that this those these them again another more continue shorter longer instead same also too above
    previous earlier you_said you_mentioned your_answer what_about how_about and_in and_what and_the but_why why_not are_you_sure
    redo try_again go_on keep_going elaborate_more simpler rephrase_that make_it change_it translate_it the_first_one the_second
    second_one last_one option_2 number_2 y_en y_para y_si más_corto otra_vez continúa sigue eso et_en et_pour et_si plus_court
    encore_une continue_s_il ça und_in und_wie kürzer nochmal weiter das_gleiche e_em e_para e_se mais_curto continue de_novo
    e_in e_per e_se più_corto ancora continua а_в а_если короче ещё еще_раз продолж* a_w a_jak krócej jeszcze en_in korter nog_een
    ya_peki peki_ya devam daha_kısa tekrar 那 再 继续 短一点 还有 换成 也 それ もっと 続けて 短く じゃあ では もう一度 그럼 더_짧게 계속 다시 وماذا_عن أقصر أكمل और छोटा फिर_से aur`,
};
