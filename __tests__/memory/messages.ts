/**
 * Messages by which the gate of memory is measured, one a line; a line break within one is written as `\\n`. The
 * words of the gate were chosen with the first two lists; the last two were written afterwards, to measure it.
 */

/** They tell something lasting of their sender. */
export const TELLING = lines(`
name's Ada btw
Ada's my name
Spicy food isn't for me
English isn't my first language
Tea is my favourite drink
I'm on a low-carb diet
I'm on the night shift this year
I'm in my fifties
I'm keto, breakfast ideas?
I am left handed
I'm trying to lose weight
I want to learn Spanish this year
I took up pottery last spring
I only have an induction hob and no oven. What can I make for dinner?
I go to the gym three times a week
I do contract accounting for dentists
I'm based out of Denver
I'm currently writing my master's thesis on glaciers
I just started as a nurse in Bergen
Most of my work is in Go and Postgres
Please keep answers short
Use British spelling
ich vertrage keine laktose
Sprich mich bitte mit Du an
Ho trent'anni
Faccio l'infermiera
Ik ben verpleegkundige
Mam dwa koty
30 yaşındayım
강아지를 키워요
My name is Ada.
Hi! I'm Ada and I work as a nurse in Bergen.
I'm a software engineer at a small startup.
I live in Oslo with my wife and two kids.
I am vegetarian, what can I cook tonight?
I'm allergic to peanuts, any snack ideas?
My daughter is 6 years old and loves dinosaurs. Ideas for a party?
As a teacher, I often need short quizzes.
I moved to Lisbon last year.
I've been learning Japanese for two years.
I prefer short answers.
Please always answer in German.
From now on, use metric units.
I don't eat pork.
I don't drink alcohol, suggest a mocktail
I work night shifts, how do I sleep better?
My favourite colour is green.
My favorite programming language is Rust.
My birthday is on 3 May.
I was born in Cairo in 1990.
I have a dog named Rex.
We have two cats.
My husband is a chef.
My wife's birthday is next week, what should I get her? She loves pottery.
I play the cello in an amateur orchestra.
I love hiking and photography.
I hate cilantro.
I can't stand horror films.
I speak Norwegian, English and a bit of Polish.
I'm from Nigeria but based in Berlin.
I'm learning to code in Python.
I'm writing a novel about lighthouse keepers.
I'm training for a marathon in October.
I study medicine at the University of Vienna.
I run a small bakery.
I own a 2015 Golf.
I use Arch Linux on a ThinkPad.
I use Vim, so give me shortcuts for that.
call me Max
You can call me Dr. Lee.
I'm 42 years old and want to start running.
I'm left-handed, which scissors should I buy?
I got married last month!
I quit my job and started a consultancy.
I just got a new job at the hospital.
Our company sells garden furniture.
My startup is called Fjordly.
My pronouns are they/them.
My timezone is CET.
I'm retired and I have a lot of time.
I commute by bike every day.
Being a single parent, I have little time to cook.
I have three children.
I've got two brothers.
I grew up on a farm in Iowa.
My mother tongue is Tamil.
I work for the city council.
I collect stamps, where can I sell duplicates?
I no longer eat meat.
I'm colour-blind, so avoid red and green in the chart.
we live in a small flat, how do we store two bikes?
i'm a student btw
im Ada, nice to meet you
hey, this is Tom from Leeds
I drive a Tesla Model 3.
I teach physics in a high school.
I like jazz and old films.
I really love Thai food, any recipe?
my son is autistic and likes trains
I've lived in Madrid since 2012.
I'm planning a trip to Japan in April with my parents.
I'd prefer that you don't use emojis.
In future, keep your answers under 100 words.
I'm Norwegian, so explain the American references.
I'm building an app for bird watchers.
I have a degree in chemistry.
I want to bake a cake for my boyfriend, he is vegan. I'm gluten intolerant.
Ich heiße Anna und wohne in Hamburg.
Ich bin Lehrerin an einer Grundschule.
Ich esse kein Fleisch, was kann ich kochen?
Meine Frau heißt Sabine.
Ich arbeite als Krankenpfleger in Wien.
Antworte mir bitte immer auf Deutsch.
Mein Lieblingsessen ist Lasagne.
Ich habe zwei Hunde.
Ich spiele Klavier.
Je m'appelle Luc et j'habite à Lyon.
Je suis végétarien, une idée de recette ?
Je travaille comme infirmière.
Ma fille a 5 ans.
J'adore la randonnée.
J'ai deux enfants.
Me llamo Carmen y vivo en Sevilla.
Soy vegetariana.
Tengo dos hijos.
Trabajo como profesora de inglés.
Mi perro se llama Toby.
Me gusta el senderismo.
Mi chiamo Giulia e abito a Torino.
Sono vegetariano.
Lavoro come grafico freelance.
Ho due figli.
Meu nome é João e moro em Lisboa.
Sou professora de matemática.
Tenho dois filhos.
Gosto de correr na praia.
Ik heet Daan en ik woon in Utrecht.
Ik ben leraar op een middelbare school.
Mijn dochter heet Lotte.
Jag heter Erik och bor i Malmö.
Jag är vegetarian.
Jeg heter Kari og bor i Tromsø.
Jeg jobber som sykepleier.
Nazywam się Piotr i mieszkam w Krakowie.
Pracuję jako kierowca.
Mam dwoje dzieci.
Меня зовут Ольга, я живу в Москве.
Я работаю учителем.
У меня двое детей.
Я не ем мясо.
Мою собаку зовут Рекс. Я вегетарианка.
Benim adım Mehmet, İstanbul'da yaşıyorum.
Ben öğretmenim.
Et yemiyorum.
Nama saya Budi dan saya tinggal di Jakarta.
Saya bekerja sebagai guru.
我叫李雷，我住在北京。
我是一名护士。
我不吃辣，推荐几道菜
我喜欢爬山。
我有两个孩子
私の名前は健太です。
東京に住んでいます。
私は看護師です。
犬を飼っています。
제 이름은 민수입니다.
저는 서울에 살아요.
저는 채식주의자입니다.
اسمي أحمد وأعيش في القاهرة.
أنا طبيب
मेरा नाम रवि है और मैं दिल्ली में रहता हूँ।
मुझे क्रिकेट पसंद है
Just so you know, I'm a dad of three.
I'm currently between jobs and looking for work as an electrician
I have been vegan since January
My girlfriend and I are planning our wedding for June
we're expecting our first baby in March
I'm a night owl
i work remotely from Portugal for a US company
My name's Priya btw
I'm diabetic, is this recipe ok?
I suffer from migraines
I usually run 10k on Sundays
My flat has no oven, can you adapt the recipe?
As a vegan, what can I order at an Italian place?
Im 17 and live in Texas. Can I work full time?
I'm preparing for the bar exam
I have a PhD in physics so you can skip the basics
I'm a beginner at guitar
I recently started learning Spanish
my kids are 4 and 7, what games do they like
My boss is named Karen
I'm in Sydney, so use local time
I identify as non-binary
I don't have a car. How do I get to the airport?
I can't eat dairy
I never drink coffee, suggest a morning drink
I go by Sam
I live alone
Our daughter Mia starts school in August
I am a huge fan of Liverpool FC
I support Arsenal
My team uses Kotlin and Gradle.
I work in marketing
I manage a team of twelve
I speak Spanish natively
I'm originally from Ghana
I'm half Japanese
I was raised in Ohio
I broke up with my boyfriend
My dad passed away last year
I have celiac disease
I weigh 80 kg and I'm 1.80 m tall, how many calories do I need?
Speak to me in Portuguese from now on
Don't use bullet points in your answers to me.
I'd rather you called me Doc
Ich komme aus Köln und bin 34.
Bin Vegetarier, was gibt es heute?
Mein Sohn ist 8 Jahre alt.
Wir haben einen Garten in Bremen.
Ich bin allergisch gegen Nüsse
Je vis à Nantes avec mon chat.
Mon mari est allergique aux noix.
Je suis développeur chez Airbus.
Vivo en Bogotá y estudio derecho.
Mi marido es médico.
Ho 35 anni e vivo a Roma
Lavoro in banca.
Moro no Rio e trabalho com vendas.
Ik ben 28 en kom uit Gent.
Jag jobbar på Volvo.
Jeg er lærer og har to barn.
Mam na imię Kasia.
Живу в Казани, работаю врачом.
Мне 25 лет.
İzmir'de oturuyorum.
Saya alergi kacang.
我是素食者
我在上海工作，是个程序员
我女儿五岁了
我对花生过敏
大阪出身です。
娘が二人います。
ピーナッツアレルギーがあります。
나는 부산에 살아
저는 개발자예요
أسكن في دبي
मैं शिक्षक हूँ
btw I'm a vet in a small town
I'm 29F, living in Toronto
my name is spelled Zoë
I cook for a family of five
Both my parents are deaf
I keep kosher, recipe for dinner?
I don't really like spicy food
I'm into board games and sci-fi
I have two left feet but I want to learn salsa
I'm the CTO of a fintech company
I make pottery and sell it on Etsy
I bought a house in Ghent
I sold my car and cycle everywhere now
We homeschool our three boys
I always order tea with milk
My kid has a peanut allergy
I finished my degree in June
I've decided to become a pilot
I lost my job in May
I volunteer at an animal shelter
You should know that I'm blind and use a screen reader
I earn 40k a year, how should I budget?
I hold a Canadian passport
I have a cabin in the mountains
My sister is getting married in Goa
I'm used to Celsius, not Fahrenheit
Keep in touch with metric for me always
I'm saving for a house
I got a cat!
I ride a Honda CB500
My go-to breakfast is oatmeal
I've got a Samsung Galaxy S23
I read mostly fantasy
I sing in a choir
My native tongue is Urdu
Ich arbeite bei der Bahn und habe oft Nachtschicht.
Ich mag keine Pilze.
Mein Hund heißt Bello.
J'apprends le piano depuis un an.
Je déteste le fromage.
Nous avons déménagé à Lille.
Tengo una hija de tres años.
Estoy aprendiendo alemán.
Odio madrugar.
Suono la chitarra in una band.
Mio figlio si chiama Marco.
Tenho um gato chamado Mingau.
Ik speel hockey.
Jag har två barn.
Jeg liker å gå på ski.
Uczę się hiszpańskiego.
Я люблю рыбалку.
Futbol seviyorum.
Saya suka kopi.
我在学法语
我老婆是老师
私は猫アレルギーです
저는 커피를 안 마셔요
أحب القراءة
`);

/** They tell nothing of the kind. */
export const SILENT = lines(`
Hi
hello!
Good morning
Thanks, that helps a lot!
ok
yes please
What is a fox?
Who was the first person on the moon?
How do I use git rebase?
How can I lose weight?
Can you help me write an email?
Can you explain how photosynthesis works?
What should I cook tonight?
Write a poem about the sea.
Write me a cover letter for a job as a nurse.
Translate "I live in Bergen" to German.
Translate to French: my name is Ada and I live in Oslo
Please fix the grammar: i has been live in london since five year
Summarise this: I was born in 1950 in a small village. My father was a farmer.
Proofread my text:\\nDear Sir, I am a nurse and I live in Oslo.
I have a question about CSS.
I need help with my homework.
I want to know how tall Everest is.
I'd like a table of the planets.
I think your answer is wrong.
I don't understand.
I'm not sure what you mean.
I'm getting an error when I run npm install
I'm stuck on this problem
I'm trying to center a div
I'm looking for a good book about Rome
I have an error in line 3
I am confused
I'm sorry
I like it!
I love this answer
I like your style
I'm tired today
I'm bored, tell me a joke
I feel sad today
I have a headache
I have a meeting tomorrow at 9
What time is it in Tokyo?
Is it safe to eat raw eggs?
Why is the sky blue?
How far is the moon?
Convert 5 miles to km
What's the weather in Paris?
Give me 10 names for a cat
Make it shorter
Try again
No, the other one
And in Python?
Continue
Explain like I'm five
Explain this as if I were a child
Imagine I'm a medieval king. What do I eat?
Pretend I am your boss and I live on Mars.
What if I move to Canada, do I pay taxes twice?
If I have two apples and eat one, how many are left?
Let's say I work at a bank and want to test a model
Act as a Linux terminal.
You are a pirate. Answer like one.
What do I do if I have a flat tyre?
Where do I live if my coordinates are 59.9, 10.7?
Which language should I learn first?
When should I use a mutex?
Can I use Vim in Windows?
Should I drive to Rome or fly?
How long have I lived if I was 20 in 1990?
Tell me about Norway.
List the capitals of Europe.
Solve 3x + 4 = 19
def f(x):\\n    return x + 1
const name = "Ada";\\nconsole.log(name);
SELECT name FROM users WHERE id = 1;
What's the capital of Australia?
Who won the world cup in 1998?
Help me plan a 3-day trip to Rome
Can you write a birthday message for my mom?
Write a LinkedIn post about our new office
I need a recipe with chickpeas
I want to learn about black holes
I was just thinking about dinosaurs
I can't believe it
I've been waiting for an hour
I have no idea
I had pizza for lunch
I'm hungry
I'm on my phone right now
I'm running late
I'm back
I am getting a 404 when I call the API
I have a list of numbers and want the median
I have a table users with a column name
I have two strings, how do I compare them?
I use the code you gave me and it fails
I use this function but it returns null
I read your answer, thanks
I like the second one better
I love it, now make it longer
I don't like this, try another style
I do not want a list
I don't have time for this
I know, but why?
I got it, thanks
I got an error
I moved the file and now git is confused
I started the server but nothing happens
I study this for a test tomorrow, explain mitosis
My code doesn't work
My computer is slow
My app crashes when it starts
My docker container exits with code 137
My internet is down
my question is about the second paragraph
My answer is 42, is that right?
Is my English ok?
How should I answer my boss?
Compare React and Vue
Generate a SQL schema for a blog
Draft a contract for a freelancer
Rewrite this in a formal tone: hey I'm Tom and I work at Acme
Here is my CV:\\nName: Ada Lovelace\\nExperience: nurse at City Hospital
Make a quiz about WW2
Tell me a story about a girl who lives in a lighthouse
Roleplay: you are my grandmother
Give me synonyms for happy
Why do cats purr
how tall is the eiffel tower
Could I use a SIM card from Spain in Norway?
Do I have to pay tax on gifts?
Would I like Lisbon?
Am I right?
Did I spell necessary correctly?
Where am I from if my accent is Scouse?
2+2
asdf
🙂
lol
nice one!
Wie heißt du?
Ich möchte wissen, wie ein Motor funktioniert
Ich suche ein gutes Buch
Wie komme ich nach Berlin?
Erkläre mir Photosynthese
Comment ça marche ?
Je cherche un bon livre
Quel temps fait-il ?
¿Cómo estás?
Busco un libro
¿Dónde vivo si mi código postal es 28001?
Come stai?
Cerco un libro
Como funciona um motor?
Hoe werkt een motor?
Hur fungerar en motor?
Jak działa silnik?
Как работает двигатель?
Помоги мне с домашкой
Motor nasıl çalışır?
Bagaimana cara kerja mesin?
发动机怎么工作？
帮我写一封信
我想知道答案
エンジンの仕組みは？
手紙を書いてください
엔진은 어떻게 작동해?
كيف يعمل المحرك؟
इंजन कैसे काम करता है?
What are good names for a dog?
Is a tomato a fruit?
Recommend a movie
Can you recommend a book like Dune?
Debug this
why does my test fail
How can I make my code faster?
My boss wants a report, can you outline one?
I want a logo idea for a bakery
I need to convert a PDF
I have to write an essay about Kant
I would love some help
I hope you are well
I guess so
I wonder why
I forgot what I asked
I did that already
I saw a bird today
I went to the gym yesterday
I ate too much
I'm done
I'm here
I'm in a hurry
I'm reading about Napoleon, when was he born?
I'm reviewing a contract
I'm using React 18 and the hook runs twice
I am asking about the US version
I have an exam tomorrow
I have a cold
I have a deadline on Friday
I use npm but it says EACCES
I work through the tutorial and chapter 3 fails
I love you
I hate this bug
I don't get it
I never said that
I always get this error
We need a plan for the launch
We have an issue in production
Our server is down
my mistake
my bad
as an aside, what is entropy?
As an example, take 5
what should a nurse know about insulin?
Do vegans eat honey?
Name three rivers in Norway
How do you say I am tired in Dutch?
A man says: I live in Rome. Is he Italian?
Write a bio: I'm a dentist from Leeds
The user lives in Oslo according to the log
{"name": "Ada", "city": "Oslo"}
name,city\\nAda,Oslo
Was kostet ein Zug nach Wien?
Ich brauche Hilfe
Ich hätte gern ein Rezept
J'ai besoin d'aide
Je voudrais une recette
Necesito ayuda
Ho bisogno di aiuto
Preciso de ajuda
Ik zoek een recept
Jag behöver hjälp
Potrzebuję pomocy
Мне нужна помощь
Bana yardım et
Tolong bantu
我需要帮助
我要一个菜谱
助けて
도와줘
ساعدني
मदद करो
`);

export const UNSEEN_TELLING = lines(`
I'm a plumber and I keep getting calls at night, how do I set boundaries?
My partner and I live on a boat.
I teach yoga twice a week
I'm 63 and new to computers
I keep bees
I've never learned to swim
I have a stutter
Since I'm Muslim, which of these contain pork?
I go to the gym every morning
I was a pilot for twenty years
I translate books for a living
I'm studying for a PhD in history
My son's name is Leo, he's in second grade.
My mum lives with us and needs a wheelchair
I have an iPhone 13 and a MacBook
I hate mushrooms
I'm a morning person
My cat is called Miso
I'm moving to Denmark in January
I write in British English
I prefer tea over coffee
We run a hostel in Peru
I use Emacs
Please call me Jo.
I always fly with Lufthansa
I'm Bob's father
I take my coffee black
I live near the sea
Ich arbeite als Bäcker.
Ich habe eine Tochter.
Ich wohne auf dem Land.
J'habite en Suisse.
Mon chien s'appelle Max.
Vivo sola con mi gata.
Mi hija es celíaca.
Abito a Napoli.
Sou de Porto Alegre.
Ik woon in Den Haag.
Jag bor i Lund.
Mieszkam na wsi.
Я из Минска, работаю бухгалтером.
我是老师
私は大学生です
저는 학생입니다
أعمل مهندسا
`);

export const UNSEEN_SILENT = lines(`
Explain recursion
What is the best pizza dough?
Can you shorten that?
I need three synonyms for fast
I want to buy a laptop, which one?
I'd love a summary
I can't log in
I don't know what to say
I think it's wrong
I have an idea for a story, help me outline it
I have a bug in my loop
I have 3 apples and give 1 away
I got lost
I'm writing an email to a client, check the tone
I'm curious about quantum computing
I'm sure there is a mistake
I am using a for loop
I read that coffee is healthy, is it?
I heard about LLMs
I saw your comment
I see what you mean
I just want the code
I tried turning it off and on
I set the flag and it still fails
I was told to ask you
I missed your point
We need to talk about the schema
We use the chain rule here, right?
My function returns undefined
My query is slow
my teacher says pi is 3, is that right?
our build is red
What would you do?
Who are you?
Are you an AI?
Do you like music?
What's your name?
Is my cat an obligate carnivore?
Sing me a song
Plan a party for 20 people
Write a resignation letter
translate this into Dutch please
Correct this sentence: She go to school
Let's play chess
Next question
Go on
stop
Why?
Was ist los?
Kannst du das erklären?
Pourquoi ?
¿Por qué?
Perché?
Por quê?
Waarom?
Varför?
Dlaczego?
Почему?
Neden?
为什么？
なぜ？
왜?
لماذا؟
क्यों?
`);

function lines(text: string): string[] {
  return text
    .trim()
    .split("\n")
    .map((line) => line.replaceAll("\\n", "\n"));
}
