/** Words of programming. `*` ends a stem, `_` joins the words of a phrase. */
export const CODE_WORDS: Readonly<Record<string, string>> = {
  "code-language": `python3 javascript typescript kotlin golang c++ c# f# php scala haskell ocaml elixir
    erlang clojure fortran cobol matlab numpy pandas sql tsql plpgsql postgresql postgres mysql mariadb sqlite
    mongodb bash powershell zsh html html5 css css3 scss sass xml json yaml toml latex verilog vhdl webassembly
    wasm solidity graphql dart lua perl objective_c assembly_language vba vb.net dotnet jquery ecmascript es6
    пайтон питон питоне джаваскрипт パイソン 파이썬 자바스크립트 自動化スクリプト पाइथन بايثون جافاسكربت`,
  "code-tool": `react reactjs nextjs next_js angular vuejs vue_js nuxt svelte django flask fastapi laravel symfony
    rails springboot spring_boot hibernate nodejs node_js expressjs deno webpack vite babel eslint prettier jest
    vitest pytest junit selenium cypress playwright docker dockerfile docker_compose kubernetes k8s kubectl helm
    terraform ansible jenkins github gitlab bitbucket git npm npx yarn pnpm pip pip3 conda maven gradle cargo
    cmake makefile nginx redis kafka rabbitmq elasticsearch supabase firebase vercel netlify heroku aws ec2 s3
    lambda_function azure gcp cloudflare_worker tensorflow pytorch keras sklearn scikit opencv langchain
    huggingface matplotlib seaborn sqlalchemy prisma sequelize mongoose tailwind bootstrap redux usestate useeffect
    usememo zustand flutter swiftui android_studio xcode vscode vs_code intellij jupyter colab linux ubuntu debian
    cron crontab systemd ssh ssl_cert* oauth jwt grpc websocket* rest_api restful openapi swagger postman
    express_js electron_app three_js d3 unity_script unreal_engine arduino raspberry_pi esp32 github_action*
    ci_cd gitignore readme_md package_json tsconfig env_file llama_cpp ollama openai_api openai_sdk vim emacs tmux`,
  "code-term": `function_that function_to function_called method_that regex regexp regular_expression* api apis
    endpoint* backend frontend full_stack fullstack middleware debug* debugger debuggen déboguer depurar depuração
    debuggare stacktrace stack_trace traceback segfault nullpointer null_pointer undefined_is npe syntax_error
    runtime_error compile compiler compiles compiling compilation codebase refactor* unit_test* test_case*
    pull_request* merge_conflict* git_branch commit_message rebase for_loop while_loop nested_loop infinite_loop
    for_loops recursion recursive recursively linked_list linkedlist binary_tree binary_search hash_map hashmap
    hash_table hashtable dictionary_comprehension list_comprehension dataframe data_frame array arrays tuple tuples
    integer_array string_array boolean variable_name variables_in global_variable instance_variable pointer pointers
    struct enum enums typedef constructor destructor inheritance polymorphism interface_in abstract_class
    design_pattern* singleton dependency_injection async await promise_all callback callbacks coroutine*
    multithread* mutex deadlock race_condition* thread_safe concurrency garbage_collect* memory_leak*
    stack_overflow heap_memory big_o time_complexity_of space_complexity sorting_algorithm bubble_sort quicksort
    merge_sort mergesort dijkstra dynamic_programming_solution leetcode data_structure* codeforces parser parsing
    parse tokenizer serialize deserialize json_file csv_file xml_file http_request* https_request* status_code
    http_status cors csrf sql_injection xss sql_query select_statement foreign_key primary_key left_join inner_join
    group_by order_by_clause where_clause stored_procedure database_schema db_schema orm migrations localhost
    port_number environment_variable* env_var* config_file command_line cli terminal_command shell_script
    bash_script batch_file python_script script_that script_to web_scraper scraper scraping web_scraping
    chatbot_in discord_bot telegram_bot source_code code_snippet snippet code_review pseudocode pseudo_code
    programming programmer coding coder software_engineer* software_architecture microservice* monolith
    design_a_system system_design load_balancer reverse_proxy rate_limiter caching_layer cache_invalidation
    message_queue pub_sub idempoten* css_grid flexbox div_center center_a_div responsive_layout dom_element
    event_listener onclick usecase_diagram uml npm_package library_for version_control semver devops pipeline_yaml
    excel_formula vlookup xlookup google_sheets_formula spreadsheet_formula macro_in excel_macro regex_for
    codigo código codes_source coden programmieren programmierung programm programmiere programar programación
    programação programmer_en programmation programmazione codice fonction_qui función_que funcion_que função_que
    funzione_che funktion_die funktion_in schleife bucle boucle ciclo_for laço arreglo tableau_php fehlermeldung_in
    depurer débogage variable_in variabile datenbank* base_de_datos base_de_données banco_de_dados
    база_данных базу_данных функци* скрипт* код кода коде программ* массив* переменн* цикл ошибк* компил* запрос_sql
    kod kodu kodzie funkcj* skrypt* programow* tablic* pętl* zmienn* fonksiyon* kodla* yazılım değişken döngü
    veritabanı functie_die programmeren foutmelding lus_in 
    代码 函数 编程 程序 数组 报错 脚本 循环 数据库 接口 编译 变量 递归 链表 二叉树 正则 爬虫 部署 重构 线程 前端 后端 调试 单元测试 时间复杂度
    コード 関数 プログラム プログラミング 配列 エラー スクリプト ループ データベース コンパイル 変数 再帰 正規表現 実装 デバッグ リファクタリング デプロイ 単体テスト メソッド クラス図 非同期
    코드 함수 프로그램 프로그래밍 배열 에러 오류 스크립트 데이터베이스 컴파일 변수 재귀 정규식 구현 디버깅 배포 리팩토링
    كود الكود دالة برمج* مصفوفة سكربت سكريبت خوارزمية قاعدة_بيانات متغير حلقة_تكرار
    कोड फंक्शन प्रोग्राम प्रोग्रामिंग ऐरे एरर स्क्रिप्ट लूप डेटाबेस वेरिएबल डिबग`,
  "code-verb": `implement implements implementing code coding program debug refactor compile deploy deploying
    deployment install installing configure parse scrape fetch_data sort_a sort_an sort_list reverse_a reverse_string
    iterate loop_through loop_over append concatenate instantiate initialize initialise import_error throws throwing
    crashes crashing segfaults lint dockerize containerize automate query_that migrate_from optimize_this
    implementar implementa implémenter implémente implementiere implementieren implementare desplegar déployer
    deployen desplegar compilar compiler instalar installer installieren реализуй реализовать напиши_функцию
    напиши_скрипт zaimplementuj implementeer`,
  "code-word-or-not": `python java rust swift ruby go shell basic spring angular flask express django cobra pandas julia
    groovy dart oracle node script scripts code codes bug bugs cloud stream streams windows mouse thread branch tree root
    key keys table tables class classes stack query port host cookie cookies bash spark kernel cell monitor switch cache`,
  "code-object": `function functions method methods class classes script scripts program programs string strings
    list lists integer integers module modules package packages library libraries loop loops object objects
    variable variables algorithm algorithms app website component components bug bugs error errors exception
    exceptions query queries table tables column columns row rows index schema server client file files input
    output server_side dictionary element elements substring palindrome fibonacci factorial prime_number* anagram
    matrix nested duplicates lowercase uppercase vowel* sublist key_value log logs dashboard endpoint
    función funcion fonction funktion funzione função functie método methode metodo clase classe klasse cadena
    chaîne zeichenkette stringa lista liste elenco algoritmo algorithme algorithmus archivo fichier datei arquivo
    api_key token tokens webhook webhooks payload request requests response responses header headers timeout
    bytes buffer socket container containers image_tag pod pods cluster node nodes branch branches commit commits
    repo repository repositories dependency dependencies build builds version versions plugin plugins framework
    frameworks test tests ticket_system thread threads process processes queue cache deque stack heap graph
    アルゴリズム 文字列 リスト 算法 字符串 列表 알고리즘 문자열 алгоритм* строк* список`,
};
