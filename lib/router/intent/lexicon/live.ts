/** Words of what changes. `*` ends a stem, `_` joins the words of a phrase. */
export const LIVE_WORDS: Readonly<Record<string, string>> = {
  "live-time": `today tonight now right_now currently current latest newest recent recently this_week this_weekend
    this_month this_year this_season this_morning this_evening this_afternoon yesterday last_night last_week
    last_weekend tomorrow next_week next_weekend upcoming breaking live_updates so_far_this up_to_date at_the_moment
    these_days as_of nowadays just_announced still_alive still_married anymore yet most_recent last_time next_game
    next_match next_election next_episode next_season hoy ahora actualmente último última últimas últimos esta_noche esta_semana
    este_mes este_año ayer mañana anoche próximo próxima fin_de_semana en_vivo aujourd_hui maintenant actuellement
    actuel actuelle dernier dernière dernières derniers ce_soir cette_semaine hier demain prochain prochaine en_direct
    ce_week_end heute jetzt gerade aktuell* derzeit* neueste* neuesten heute_abend gestern morgen nächste* diese_woche
    diesen_monat wochenende hoje agora atual atualmente atuais última últimas últimos esta_semana ontem amanhã próximo
    neste_momento oggi adesso ora attuale attualmente ultimo ultima ultime ultimi stasera ieri domani prossimo prossima
    questa_settimana in_questo_momento сегодня сейчас последн* текущ* вчера завтра на_этой_неделе ближайш* свеж*
    dzisiaj dziś teraz obecn* najnowsz* wczoraj jutro aktualn* vandaag nu huidige laatste gisteren actuele vanavond
    bugün şimdi şu_an güncel son_dakika dün yarın bu_hafta bu_akşam
    今天 现在 目前 最新 最近 本周 这周 昨天 明天 今晚 昨晚 当前 今年 本月 实时 今日 現在 今 最新の 最近の 昨日 明日 今週 今夜 来週 今月 今朝 いま リアルタイム
    오늘 지금 현재 최신 최근 어제 내일 이번_주 이번주 올해 실시간 اليوم الآن الان حاليا حالياً آخر اخر أحدث أمس امس غدا غداً هذا_الأسبوع الليلة
    आज अभी वर्तमान ताजा ताज़ा कल इस_हफ्ते इस_समय हाल aaj abhi kal taaza enbarda delwa2ty`,
  "live-weather": `weather forecast temperature_in temperature_outside rain raining rainy snow snowing snowfall sunny
    humid humidity windy wind_speed storm hurricane typhoon tornado heatwave heat_wave umbrella uv_index air_quality
    aqi pollen sunrise sunset how_hot how_cold hot_outside cold_outside degrees_outside jacket freezing_outside
    clima tiempo_hace tiempo_hará pronóstico pronostico llueve lloverá llover lluvia temperatura paraguas nieva calor_hace
    météo meteo temps_fait temps_fera pleut pleuvoir pluie neige température parapluie prévisions
    wetter wettervorhersage regnet regen schneit schnee temperatur regenschirm gewitter vorhersage
    previsão_do tempo_em tempo_faz chove chover chuva temperatura guarda_chuva frio_em che_tempo piove piovere pioggia
    previsioni nevica ombrello погод* дожд* снег* температур* зонт прогноз pogod* deszcz* śnieg padać prognoza
    weer regent regenen weersverwachting paraplu hava_durumu hava yağmur* kar_yağ* sıcaklık
    天气 气温 下雨 下雪 天气预报 带伞 台风 天気 気温 雨 雪 予報 傘 台風 날씨 기온 비가 눈이 우산 طقس الطقس درجة_الحرارة مطر تمطر أمطار
    मौसम बारिश तापमान बर्फ mausam barish`,
  "live-money": `stock stocks share_price stock_price price_of prices_of price bitcoin btc ethereum eth crypto
    cryptocurrency dogecoin solana nasdaq dow_jones s_p_500 sp500 nikkei dax ftse sensex nifty exchange_rate
    exchange_rates forex usd eur gbp jpy inr dollar_to dollars_to euro_to euros_to pounds_to to_euros to_dollars to_usd to_eur
    to_pounds rupees to_rupees in_euros in_dollars mortgage_rate* interest_rate interest_rates inflation_rate
    inflation unemployment_rate gas_prices gas_price oil_price gold_price market_cap tesla_stock apple_stock nvidia ticker
    earnings_report fed_rate cheapest_flight* how_much_does how_much_is cost_of_a net_worth precio cotización dólar dolar
    tipo_de_cambio cuesta acciones bolsa prix cours_de bourse taux_de_change action_apple coûte euro_en dollar_en preis
    kurs aktie aktien wechselkurs kostet börse benzinpreis* spritpreis* preço cotação câmbio ações bolsa custa
    prezzo quotazione tasso_di_cambio azioni borsa costa курс доллар* евро акци* биткоин* цена цены стоит
    kurs_ cena akcje giełd* wisselkoers aandeel prijs kuru dolar_kaç euro_kaç hisse altın_fiyat* fiyat* borsa
    股价 股票 汇率 价格 比特币 油价 房价 金价 美元 兑 人民币兑 株価 為替 レート ビットコイン 価格 値段 ドル円 円安 주가 환율 비트코인 가격 시세 سعر الدولار صرف سهم بيتكوين أسعار
    शेयर कीमत भाव बिटकॉइन डॉलर सोने_का rate_kya`,
  "live-sport": `score scores scored match game_tonight fixture fixtures standings playoffs playoff season nba nfl nhl mlb
    premier_league la_liga bundesliga serie_a champions_league world_cup super_bowl olympics f1 formula_1 grand_prix
    wimbledon ipl cricket ufc transfer_news injury_report lineup who_won did_win won_the winner_of leading_scorer lakers yankees
    arsenal liverpool man_united real_madrid barcelona psg bayern juventus
    partido marcador quién_ganó quien_gano clasificación gol goles match_de score_du qui_a_gagné classement résultat
    spiel ergebnis tabelle spielstand wer_hat_gewonnen bundesliga jogo placar quem_ganhou campeonato brasileirão
    partita risultato chi_ha_vinto classifica матч счёт счет кто_выиграл чемпионат mecz wynik kto_wygrał wedstrijd uitslag
    maç skor kim_kazandı lig 比分 比赛 谁赢了 联赛 冠军 世界杯 試合 スコア 結果 勝った 順位 경기 스코어 결과 순위 مباراة نتيجة الدوري من_فاز मैच स्कोर कौन_जीता क्रिकेट match_ka`,
  "live-news": `news headline headlines breaking_news election elections poll polls polling referendum protest* strike
    war_in ceasefire sanctions tariff tariffs lawsuit_against scandal earthquake wildfire* shooting outage is_down recall
    announced announces announcement launch_date election_results happening_in happened_in what_happened going_on_in
    trending viral update_on updates_on noticias titulares elecciones huelga terremoto actualités nouvelles_du
    élections grève séisme titres nachrichten schlagzeilen wahl wahlen streik erdbeben umfragen notícias manchetes
    eleições greve notizie elezioni sciopero terremoto новост* выбор* землетрясен* wiadomości wybory nieuws verkiezingen haber*
    seçim* deprem 新闻 头条 选举 大选 地震 罢工 ニュース 選挙 地震 速報 뉴스 선거 지진 أخبار اخبار انتخابات زلزال عاجل समाचार खबर खबरें चुनाव भूकंप news_batao`,
  "live-office": `president prime_minister chancellor ceo cfo mayor governor senator speaker_of secretary_of minister
    pope king_of queen_of monarch head_coach coach_of manager_of captain_of chairman champion richest_person richest_man
    world_record tallest_building_in number_one_song most_followed population_of oldest_living leader_of presidente
    primer_ministro alcalde gobernador entrenador premier_ministre maire président gouverneur entraîneur
    bundeskanzler bürgermeister präsident trainer_von primeiro_ministro prefeito governador técnico_do sindaco
    primo_ministro allenatore президент* премьер_министр* мэр* тренер* prezydent premier burmistrz trener burgemeester
    cumhurbaşkanı başkanı belediye_başkanı 总统 总理 首相 市长 主席 教练 大統領 首相 市長 監督 社長 대통령 총리 시장 감독 رئيس الرئيس وزير مدرب राष्ट्रपति
    प्रधानमंत्री मुख्यमंत्री कप्तान`,
  "live-place": `open_now still_open is_open opening_hours opening_times closing_time close_today hours_of near_me nearby
    closest traffic flight flights flight_status train_to trains bus_to next_train next_bus delayed delays cancelled
    departure arrival_time gate tracking track_my track_package shipment delivery_status package where_is_my showtimes
    playing_near tickets_for ticket_prices road_closed restaurants_near in_stock available_at horario abierto abre cierra vuelo
    tráfico tren seguimiento_de horaires ouvert ouverte ouvre ferme vol_af trafic train_pour colis öffnungszeiten
    geöffnet stau flug zug verspätung sendung paket aberto abre_hoje trânsito voo encomenda aperto apre orari volo
    traffico treno открыт* пробк* рейс* поезд* посылк* otwarte godziny_otwarcia lot_ korki openingstijden file_op vlucht
    açık_mı trafik uçuş kargo 营业 开门 航班 路况 快递 物流 单号 高铁 地铁 营业时间 営業時間 営業して 運行 渋滞 フライト 便の 追跡 遅延 영업시간 항공편 교통 택배 배송 운송장
    ساعات_العمل مفتوح رحلة الرحلة مرور شحنة تتبع खुला खुली ट्रैफिक फ्लाइट ट्रेन ट्रैक train_kab`,
  "live-release": `release_date released coming_out come_out out_yet latest_version newest_version new_version latest_model
    new_iphone new_album new_movie new_season new_episode premiere premieres latest_update changelog_for patch_notes
    specs_of_the available_yet fecha_de_lanzamiento cuándo_sale estreno última_versión date_de_sortie sort_quand sortie_de
    dernière_version erscheint erscheinungsdatum neue_staffel neueste_version data_de_lançamento lançamento estreia
    data_di_uscita esce quando_uscita вышел выйдет дата_выхода premiera kiedy_wyjdzie verschijnt çıkış_tarihi
    发布 上映 上市 最新版 什么时候出 発売日 公開日 最新版 リリース 発売 출시 개봉 최신_버전 تاريخ_إصدار إصدار रिलीज लॉन्च`,
  "live-web": `search_for search_the search_online web_search look_up_online google_it google search_web browse_the
    on_the_web on_the_internet online_for internet find_me_articles find_recent with_sources cite_sources links_to
    look_up check_online according_to_recent busca_en_internet buscar_en_la buscar_en busca_en cherche_sur recherche_sur suche_im suche_nach
    im_internet pesquise_na procure_na cerca_su cerca_online найди_в_интернете поищи загугли wyszukaj zoek_op internette_ara
    上网 搜索 查一下 搜一下 网上 検索 調べて ネットで 검색 찾아봐 ابحث_في ابحث_عن खोजो सर्च google_karo`,
};
