/** Words of problems that are worked out. `*` ends a stem, `_` joins the words of a phrase. */
export const PROBLEM_WORDS: Readonly<Record<string, string>> = {
  "solve-verb": `solve calculate compute evaluate simplify derive prove proof disprove determine find_the find_all
    find_x show_that deduce integrate differentiate factorise factorize maximise maximize minimise minimize estimate
    work_out figure_out how_many_ways what_is_the_value what_is_the_probability what_are_the_odds let_x suppose
    suppose_that assume assume_that given_that consider_a let_f let_n let_a let_g if_and_only_if
    resuelve resolver calcula calcular demuestra demostrar determina simplifica hallar halla deduce supongamos sea_f
    résous résoudre calcule calculer démontre démontrer montrer_que montre_que déterminer détermine soit_f soit_un
    löse berechne berechnen beweise beweis zeige_dass bestimme ermittle sei_f angenommen
    resolva resolve calcule prove_que demonstre determine_o encontre_o simplifique
    risolvi calcola dimostra determina semplifica trova_il sia_f supponiamo
    реши решить вычисли вычислите докажи докажите найди найдите определите упростите пусть
    oblicz rozwiąż udowodnij wyznacz bereken los_op bewijs bepaal hesapla çöz kanıtla bulunuz kaçtır
    计算 求 证明 解方程 求解 推导 设 假设 已知 化简 若 求证 計算 証明 求め 解け 解いて 導出 とする 簡単にせよ 計算し 
    계산 구하 증명 풀어 구해 احسب أثبت اثبت أوجد اوجد برهن حل_المعادلة لتكن بفرض हल सिद्ध ज्ञात गणना निकालो निकालिए मान_लीजिए`,
  "math-term": `probability probabilities equation equations integral integrals derivative derivatives polynomial*
    quadratic cubic matrix matrices eigenvalue* eigenvector* determinant triangle* hypotenuse perimeter circumference
    radius diameter_of polygon hexagon prime primes divisible divisor* remainder modulo gcd lcm permutation*
    combination* factorial geometric_series arithmetic_sequence arithmetic_progression sequence convergen* converge
    converges diverge diverges limit_of theorem lemma corollary conjecture continuous differentiable compact
    hausdorff homeomorphi* isomorphi* homomorphism* abelian group_of_order subgroup ring_of galois manifold*
    topolog* metric_space vector_space linear_map bijection injective surjective cardinality countable uncountable
    modulus complex_number* real_number* real_numbers integers_such positive_integer* nonnegative rational_number*
    irrational logarithm* log_base sine cosine tangent trigonometr* coordinate_plane slope parabola ellipse
    hyperbola vertices inscribed circumscribed tangent_to chord expected_value variance standard_deviation
    binomial poisson normal_distribution bayes* markov random_variable* dice coin_flip* fair_coin fair_die urn marbles
    set_of_all subset* union_of intersection_of graph_theory vertex planar chromatic np_complete np_hard turing_machine
    big_o_of decidable undecidable halting_problem recurrence lagrang* taylor_series fourier laplace_transform
    differential_equation* partial_derivative* dot_product cross_product mod arithmetic algebra algebraic calculus
    ecuación ecuacion ecuaciones probabilidad triángulo triangulo polinomio divisible_por resto_de números_enteros
    matriz integral_de derivada área_del raíz raices équation équations probabilité dérivée intégrale polynôme nombre_premier
    divisible_par gleichung* wahrscheinlichkeit* dreieck* ableitung polynom* primzahl* teilbar rest_bei matrix_a
    equação equações probabilidade triângulo equazione equazioni probabilità triangolo derivata polinomio
    уравнени* вероятност* треугольник* производн* интеграл* многочлен* матриц* делится простое_число простых_чисел
    równani* prawdopodobieństw* trójkąt* pochodn* vergelijking kans driehoek denklem* olasılık* üçgen* türev
    方程 概率 三角形 导数 积分 矩阵 多项式 质数 素数 整数 余数 等差数列 等比数列 函数f 圆的 半径 面积 周长 方程式 確率 微分 積分 行列 多項式 余り 数列 半径 面積 円周 三角関数 連続関数
    방정식 확률 삼각형 미분 적분 행렬 다항식 소수 나머지 수열 معادلة احتمال مثلث مشتقة تكامل مصفوفة عدد_أولي باقي_القسمة
    समीकरण प्रायिकता त्रिभुज अवकलन समाकलन आव्यूह बहुपद शेषफल अभाज्य`,
  "science-term": `enthalpy entropy gibbs equilibrium_constant molar molarity moles titration stoichiometr* oxidation
    redox electronegativity orbital* hybridization* sn1 sn2 nucleophil* electrophil* enantiomer* stereo* isomer*
    carbocation* grignard nmr spectroscop* catalyst ph_of buffer_solution solubility half_life isotope* radioactiv*
    photon* electron electrons proton neutron* quark* boson* fermion* hamiltonian lagrangian wavefunction schrodinger
    schrödinger heisenberg quantum_state* spin_1 angular_momentum momentum kinetic_energy potential_energy
    velocity_of acceleration frictionless friction pulley incline spring_constant projectile oscillat* harmonic
    capacitor* inductor* resistor* resistance_of voltage current_through magnetic_field electric_field flux_through
    wavelength* frequency_of refract* diffract* relativis* lorentz redshift luminosity black_hole_of perturbation
    allele* genotype* phenotype* heterozyg* homozyg* mendel* recombinat* crispr transcription_factor mrna ribosom*
    mitosis meiosis enzyme* inhibitor* kinase* receptor_agonist antagonist* phosphorylat* cytokine* lymphocyte*
    patient_presents year_old_man year_old_woman year_old_male year_old_female differential_diagnosis pathogen*
    elasticity marginal_cost marginal_utility monopol* oligopol* nash_equilibrium pareto supply_curve demand_curve
    gdp_deflator aggregate_demand present_value net_present npv irr capm black_scholes compound_interest annuity
    plaintiff defendant tort negligence mens_rea hearsay promissory estoppel consideration_in constitutional
    due_process statute jurisdiction liable liability utilitarian* deontolog* kantian categorical_imperative
    epistemolog* modus_ponens premise premises syllogism* fallacy valid_argument entail* a_priori counterexample
    counterfactual* necessary_and_sufficient prisoner_s_dilemma game_theory payoff dominant_strategy auction
    velocidad aceleración masa_de fuerza_de vitesse accélération masse_de geschwindigkeit beschleunigung
    энтальпи* скорост* ускорени* 速度 加速度 动能 化学反应 电场 平衡常数 力学 運動エネルギー 化学反応 電場 속도 가속도 सरعة`,
  "exam-mark": `which_of_the which_one_of of_the_following following_is following_statements following_are
    all_of_the_above none_of_the_above both_a_and true_or_false statement_1 statement_2 statement_i answer_choices
    options multiple_choice correct_answer choose_the select_the best_describes most_likely least_likely except
    not_true is_true must_be_true cuál_de_las cual_de_las cuál_de_los siguientes opciones lequel laquelle_des suivantes
    suivants welche_der folgenden welcher_der qual_das qual_dos seguintes alternativa quale_delle quale_dei seguenti
    какое_из какой_из следующих która_z które_z następujących welke_van aşağıdakilerden hangisidir
    下列 以下哪 以下说法 正确的是 选项 次のうち 正しいもの 選択肢 다음_중 다음 옳은 أي_من التالية मे_से निम्नलिखित कौन_सा_कथन`,
  "word-problem": `each per total altogether twice thrice half remaining left_over leftover left how_many how_much
    times_as times_more more_than fewer_than less_than as_many as_much percent percentage discount costs earns spends
    sells buys gave gives bought sold paid pays saved saves every_day per_day per_hour per_week an_hour miles_per
    km_h mph dozen average equally split_among share_equally ratio older younger years_old age_of at_the_same_time
    start_with ends_up how_long_will how_long_does_it how_far how_fast in_all combined initially after_that
    cada total_de el_doble la_mitad cuántos cuantos cuántas cuantas cuánto le_quedan quedan por_hora en_total gasta compra
    vende chaque le_double la_moitié combien au_total reste_t il_reste par_heure dépense achète vend jeder jede_stunde
    doppelt_so halb_so wie_viele wie_viel insgesamt übrig pro_stunde kauft verkauft bezahlt cada_um o_dobro a_metade
    quantos quantas quanto ao_todo sobram por_hora gasta ciascuno ogni il_doppio la_metà quanti quante quanto in_tutto
    rimangono all_ora каждый кажд* сколько всего осталось вдвое половин* купил* продал* ile łącznie zostało każdy dwa_razy
    hoeveel elk samen totaal over_houden kaç toplam her_biri kaldı iki_katı yarısı
    每 一共 多少 剩下 还剩 平均 两倍 一半 共有 几个 每天 每小时 花了 买了 それぞれ 合計 何個 何人 いくつ 残り 全部で 半分 2倍 毎日 時速 何円 何分
    각각 모두 몇_개 몇 남은 총 절반 두_배 평균 كل مجموع كم المتبقي نصف ضعف متوسط प्रत्येक कुल कितने कितना शेष आधा दुगुना बचे औसत`,
  "logic-term": `knights_and_knaves knight knave liar liars always_lies always_tells truth_teller riddle puzzle
    brainteaser logic_puzzle exactly_one exactly_two sits_next seated seating who_owns who_sits if_all all_bloops
    some_are no_a_are implies implication contradiction must_be at_least_one at_most can_we_conclude conclude
    follows_that logically sequence_next next_number next_in odd_one_out weigh_the balance_scale weighings river
    crossing cross_the bridge prisoners hats lightbulb switches monty_hall door_number poisoned bottles
    acertijo lógica todos_los énigme logique rätsel logik lügt lügner enigma lógico indovinello mente_sempre загадк*
    логическ* zagadk* raadsel bilmece 逻辑 谜题 推理 说谎 说真话 嘘つき 論理 パズル 推論 논리 퍼즐 거짓말쟁이 لغز منطق पहेली तर्क`,
  "trade-off": `optimal optimum strategy constraint constraints tradeoff trade_off trade_offs trade_offs_between
    budget_of allocate allocation schedule_with minimum_number maximum_number least_number fewest cheapest_way
    break_even breakeven roi payback_period expected_return worth_it pay_off versus_renting rent_or_buy buy_or_rent
    lease_or mortgage_of interest_rate_of decision_matrix scenario scenarios risk_of cost_of_capital capacity
    utilisation utilization bottleneck throughput deadline_of workers machines shifts root_cause why_did_the
    óptimo optimal_de contrainte optimale nebenbedingung* ótimo restrições ottimale vincoli оптимальн* ограничени*
    optymaln* 最优 约束 权衡 最少 最適 制約 最小 최적 제약`,
};
