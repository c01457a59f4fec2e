import type { GrammarSource } from "#lib/router/image-intent/grammar.ts";

/** What engines draw as text, in words that these languages share. */
const TEXT_FORMS =
  "funktion|fonction|funcion|funcao|funzione|vektor|vecteur|vector|diagramm?[aeo]?s?|organigramm?[aeo]?s?|fluxograma|flujograma|flussdiagramm|histogramm?[aeo]?|gra(?:f|ph)ic?[oa]s?|graphiques?|schemas?|esquemas?|tablas?|tabelas?|tableaux?|tabell[ae]n?|mapas? menta(?:l|is|les)|carte mentale|mappa mentale|mindmap|plann?|planos?|pianos?|grafiek(?:en)?|tabel";

export const WEST: readonly GrammarSource[] = [
  {
    language: "de",
    polite:
      "bitte|hallo|hi|hey|ok|okay|und|jetzt|nun|also|dann|danke|kannst du|konntest du|wurdest du|konnen sie|konnten sie|ich mochte dass du|ich will dass du|kannst du mal|sag mal",
    draw: "zeichne|zeichnen sie|mal(?:e)? (?:mir|uns|ein|eine|einen|mal)|zeichnest|zeichne mal",
    technique: "skizziere|illustriere",
    make: "erstelle?|erstellen sie|generiere?|generieren sie|erzeuge|erschaffe|mach|mache|machen sie|entwirf|designe|kreiere|gestalte|produziere",
    want: "ich mochte|ich hatte gerne?|ich brauche|ich will|gib mir|zeig mir|zeige mir|brauche",
    forWhom: "mir|uns|ihm|ihr|fur mich|fur uns|mal|bitte",
    determiners: "ein|eine|einen|einem|einige|ein paar|zwei|drei|vier|funf|\\d+",
    bland: "neues?|neuen?|schones?|schone|tolles?|cooles?|lustiges?|zufalliges?|einfaches?|hubsches?",
    nouns:
      "bild(?:er)?|bildchen|foto(?:s|grafie)?|zeichnung(?:en)?|gemalde|illustration(?:en)?|skizze|logo(?:s)?|icon(?:s)?|poster|plakat|portrat|avatar|hintergrundbild|wallpaper|cartoon|comic|karikatur|sticker|meme|aquarell|olgemalde|profilbild|ausmalbild|albumcover|buchcover|banner",
    generic: "(?:ein )?(?:bild|bildchen) (?:von|mit|vom)",
    barriers:
      "der|die|das|dass|fur|uber|zu|zum|zur|mit|von|vom|aus|in|auf|wie|wenn|und|ist|sind|liste|text|code|programm|skript|funktion|app|website|seite|geschichte|beschreibung|tabelle|docker|ich|du|er|sie|wir",
    anything: "etwas|irgendetwas|irgendwas|was|was du willst|etwas (?:schones|lustiges|cooles)",
    otherObjects: `${TEXT_FORMS}|diagramm|schluss|schlusse|parallelen|ablaufdiagramm|klassendiagramm|graphen?|kurve|aktien?|dreieck|wand|wande|zimmer|kuche|schaltplan|teufel|aus`,
    compounds:
      "verkaufen|kaufen|(?:aus)?drucken|aufhangen|hochladen|speichern|loschen|verschicken|von der lage|von der situation|rahmen|bearbeiten|unterschrift|verarbeitung|beschreibung|ideen?|namen|zu sehen",
    closing: "bitte|danke|fur mich|fur uns|jetzt|nochmal|mal",
  },
  {
    language: "fr",
    polite:
      "s'il te plait|s'il vous plait|stp|svp|bonjour|salut|ok|et|maintenant|alors|merci|peux-tu|peux tu|tu peux|pouvez-vous|pourrais-tu|pourriez-vous|vous pouvez|est-ce que tu peux|j'aimerais que tu|je veux que tu|me|m'|nous|moi",
    draw: "dessiner?|dessines|dessinez|dessine-moi|dessinez-moi|dessine-nous|me dessiner",
    technique: "peins|peindre|peignez|esquisse|illustre|peins-moi",
    make: "(?:genere|cree|produi[st]|concoi[st]|realise|fabrique|imagine)[sz]?(?:-(?:moi|nous))?|creer|generer|creez(?:-moi)?|generez(?:-moi)?|fais(?:-moi)?|faites(?:-moi)?|faire|realiser|concevoir|m'en faire|cree-moi",
    want: "je veux|je voudrais|j'aimerais|il me faut|j'ai besoin|montre-moi|montrez-moi|donne-moi|donnez-moi|j'aimerais avoir",
    forWhom: "moi|nous|pour moi|pour nous",
    determiners: "une?|des|deux|trois|quatre|cinq|quelques|plusieurs|d'une?|\\d+",
    bland: "nouvelle|nouveau|belle|beau|jolie?|super|drole|petite?|magnifique",
    nouns:
      "(?:l'|d'|une )?(?:image|photo|photographie|dessin|illustration|peinture|tableau|logo|icone|affiche|poster|portrait|avatar|fond d'ecran|caricature|bd|bande dessinee|croquis|aquarelle|sticker|autocollant|meme|couverture d'album|coloriage|banniere|visuel)s?",
    generic: "(?:une |des |l')?(?:images?|visuels?) (?:de|avec|du|des)",
    barriers:
      "le|la|les|legende|qui|que|pour|sur|avec|dans|de|du|si|comment|en|est|sont|liste|texte|code|programme|script|fonction|application|site|page|histoire|description|docker|resume|je|tu|il|elle|nous|vous",
    anything: "quelque chose|n'importe quoi|ce que tu veux|un truc|quelque chose de (?:beau|joli|drole)",
    otherObjects: `${TEXT_FORMS}|organigramme|conclusions?|courbe|graphe|triangle|plan|mur|murs|chambre|cuisine|arbre de decision|circuit`,
    compounds:
      "vendre|acheter|imprimer|telecharger|envoyer|docker|disque|de marque|des couts|de profil linkedin resume|recapitulatif|comparatif|iso",
    closing: "s'il te plait|s'il vous plait|stp|svp|merci|pour moi|pour nous|maintenant",
  },
  {
    language: "es",
    polite:
      "por favor|porfa|hola|oye|ok|vale|y|ahora|gracias|puedes|podrias|me puedes|me podrias|puede|podria|quiero que|quiero que me|quisiera que|necesito que|necesito que me",
    draw: "dibuj(?:a|ame|e|eme|ar|arme|anos|ad|es)|dibujame",
    technique: "pinta|pintame|pintar|pintarme|ilustra|ilustrame|bosqueja|esboza",
    make: "(?:crea|genera|haz|disena|produce|elabora|realiza|fabrica)(?:me|nos|r|rme)?|hacer|hacerme|hagas|hazme|cree|creame|crees|generes|disenes|disename|genere",
    want: "quiero|quisiera|necesito|me gustaria|dame|muestrame|ensename|deseo|me gustaria tener",
    forWhom: "me|nos|para mi|para nosotros",
    determiners: "una?|unas|unos|dos|tres|cuatro|cinco|varias|varios|algunas|algun|alguna|\\d+",
    bland: "nueva|nuevo|bonita?|bonito|linda?|lindo|hermosa|hermoso|buena|divertida|bella",
    nouns:
      "(?:imagen(?:es)?|foto(?:s)?|fotografia|dibujo(?:s)?|ilustracion(?:es)?|pintura|cuadro|logo(?:s)?|logotipo|icono(?:s)?|poster|cartel|afiche|retrato|avatar|fondo de pantalla|caricatura|comic|boceto|acuarela|sticker|pegatina|meme|portada de (?:album|libro|disco)|banner)",
    generic: "(?:una |unas |la )?imagen(?:es)? (?:de|con|del)",
    barriers:
      "el|la|los|las|pie|leyenda|que|para|sobre|con|en|de|del|si|como|es|son|lista|texto|codigo|programa|script|funcion|aplicacion|app|sitio|pagina|historia|descripcion|docker|resumen|yo|tu|etiqueta",
    anything: "algo|cualquier cosa|lo que quieras|algo (?:bonito|lindo|divertido)",
    otherObjects: `${TEXT_FORMS}|conclusion(?:es)?|paralelos|linea|atencion|curva|triangulo|plan|pared|paredes|casa|cuarto|habitacion|cocina|circuito|arbol de decision|mapa conceptual|grafo`,
    compounds:
      "docker|de disco|comparativo|corporativa|iso|sinoptico|resumen|de marca|de texto|de mi empresa ante",
    closing: "por favor|porfa|gracias|para mi|ahora",
  },
  {
    language: "pt",
    polite:
      "por favor|pf|oi|ola|ok|e|agora|obrigado|obrigada|voce pode|pode|poderia|voce poderia|podes|consegue|quero que voce|preciso que voce|me",
    draw: "desenh(?:a|e|ar|ame|a-me|e-me|es)|me desenhe|me desenha",
    technique: "pinte|pinta|pintar|ilustre|ilustra|esboce",
    make: "(?:crie|cria|criar|gere|gera|gerar|faca|faz|fazer|projete|produza|elabore|desenvolva|monte)(?:-me)?",
    want: "quero|eu quero|queria|preciso de|gostaria de|me da|me de|mostre-me|me mostre|me mostra|mostra-me|da-me",
    forWhom: "me|para mim|pra mim|pra gente|para nos|nos",
    determiners: "uma?|umas|uns|dois|duas|tres|quatro|cinco|varias|algumas|alguma|\\d+",
    bland: "nova|novo|bonita?|bonito|linda?|lindo|legal|boa|engracada",
    nouns:
      "(?:imagem|imagens|foto(?:s)?|fotografia|desenho(?:s)?|ilustracao|ilustracoes|pintura|quadro|logo(?:s)?|logotipo|logomarca|icone(?:s)?|poster|cartaz|retrato|avatar|papel de parede|caricatura|quadrinho|esboco|aquarela|figurinha|adesivo|meme|capa de (?:album|livro|disco)|banner)",
    generic: "(?:uma |umas |a )?(?:imagem|imagens) (?:de|com|do|da)",
    barriers:
      "o|a|os|as|que|para|pra|pro|legenda|no|na|sobre|com|em|de|do|da|se|como|e|lista|texto|codigo|programa|script|funcao|aplicativo|app|site|pagina|historia|descricao|docker|resumo|eu|voce|tag",
    anything: "algo|alguma coisa|qualquer coisa|o que voce quiser|uma coisa",
    otherObjects: `${TEXT_FORMS}|conclusao|conclusoes|linha|atencao|curva|triangulo|plano|estrategia|parede|paredes|casa|quarto|cozinha|circuito|processo|arvore de decisao|mapa mental`,
    compounds:
      "vender|comprar|imprimir|enviar|editar|salvar|docker|de disco|comparativo|iso|corporativa|de texto",
    closing: "por favor|pf|obrigado|obrigada|para mim|pra mim|agora",
  },
  {
    language: "it",
    polite:
      "mi|per favore|per piacere|ciao|ok|e|ora|adesso|grazie|puoi|potresti|mi puoi|mi potresti|può|potrebbe|vorrei che tu|voglio che tu",
    draw: "disegna(?:mi|ci|re|rmi|te|temi)?|disegni",
    technique: "dipingi(?:mi)?|dipingere|illustra(?:mi)?|schizza",
    make: "(?:crea|genera|realizza|progetta)(?:mi|ci|re|rmi|te)?|fai|fammi|fare|farmi|facci|crei|generi",
    want: "voglio|vorrei|mi serve|ho bisogno di|dammi|mostrami|fammi vedere|mi piacerebbe",
    forWhom: "mi|ci|per me|per noi",
    determiners: "un'?|uno|una|un'|due|tre|quattro|cinque|alcune|delle|dei|qualche|\\d+",
    bland: "nuova|nuovo|bella|bello|bel|carina|carino|divertente",
    nouns:
      "(?:un'|l'|dell')?(?:immagin[ei]|foto|fotografi[ae]|disegn[oi]|illustrazion[ei]|dipint[oi]|quadro|logo|icon[ae]|poster|locandina|manifesto|ritratto|avatar|sfondo|caricatura|fumetto|schizzo|acquerello|adesivo|sticker|meme|copertina di (?:un )?(?:album|libro|disco)|banner)",
    generic: "(?:un'|delle |una |l')?immagin[ei] (?:di|con|del|della)",
    barriers:
      "il|lo|la|i|gli|le|che|per|su|con|in|di|del|della|se|come|è|sono|lista|elenco|testo|codice|programma|script|funzione|app|sito|pagina|storia|descrizione|docker|riassunto|io|tu|tag",
    anything: "qualcosa|qualsiasi cosa|quello che vuoi|qualcosa di (?:bello|carino|divertente)",
    otherObjects: `${TEXT_FORMS}|conclusion[ei]|linea|curva|triangolo|grafo|piano|parete|pareti|casa|camera|cucina|circuito|schema|organigramma`,
    compounds: "vendere|comprare|stampare|caricare|docker|disco|comparativo|sinottico|iso|aziendale in",
    closing: "per favore|per piacere|grazie|per me|ora|adesso",
  },
  {
    language: "nl",
    polite:
      "alsjeblieft|alstublieft|aub|hoi|hallo|ok|en|nu|dan|dank je|kun je|kan je|kunt u|zou je|wil je|ik wil dat je",
    draw: "teken|teken eens",
    technique: "schilder|schets|illustreer",
    make: "maak|genereer|creeer|ontwerp|produceer",
    want: "ik wil|ik wil graag|ik heb|geef me|geef mij|laat me|ik zou graag",
    forWhom: "me|mij|ons|voor me|voor mij|eens",
    determiners: "een|twee|drie|vier|vijf|enkele|\\d+",
    bland: "nieuwe?|mooie?|leuke?|coole?|grappige?",
    nouns:
      "(?:afbeelding(?:en)?|plaatje(?:s)?|foto(?:'s)?|tekening(?:en)?|illustratie(?:s)?|schilderij|logo(?:'s)?|icoon|poster|portret|avatar|achtergrond|karikatuur|stripverhaal|schets|aquarel|sticker|meme|kleurplaat|banner)",
    generic: "(?:een )?(?:afbeelding(?:en)?|plaatjes?) (?:van|met)",
    barriers:
      "de|het|die|dat|voor|over|met|van|in|op|als|hoe|is|zijn|lijst|tekst|code|programma|script|functie|app|website|pagina|verhaal|beschrijving|docker|ik|je",
    anything: "iets|wat|iets (?:moois|leuks)|wat je wilt",
    otherObjects: `${TEXT_FORMS}|conclusies?|stroomdiagram|lijn|plan|muur|muren|kamer|keuken|driehoek`,
    compounds: "docker|bewerken|beschrijving",
    closing: "alsjeblieft|alstublieft|aub|dank je|voor me|voor mij|nu",
  },
  {
    language: "pl",
    isArticleless: true,
    polite:
      "prosze|hej|czesc|ok|i|teraz|dzieki|czy mozesz|mozesz|czy moglbys|moglbys|czy mozesz mi|mozesz mi|mi",
    draw: "narysuj|narysowac|rysuj",
    technique: "namaluj|namalowac|naszkicuj|zilustruj",
    make: "stworz|wygeneruj|zrob|zaprojektuj|utworz|wygenerowac|stworzyc|zaprojektowac|zrobic",
    want: "chce|chcialbym|chcialabym|potrzebuje|daj mi|pokaz mi",
    forWhom: "mi|nam|dla mnie|dla nas",
    determiners: "jeden|jedna|jakis|jakies|kilka|dwa|dwie|trzy|\\d+",
    bland: "nowy|nowe|ladny|ladne|fajny|fajne|piekny|smieszny",
    nouns:
      "(?:obraz(?:ek|ka|y|ki|ku)?|grafik[eai]|zdjeci[ea]|rysun(?:ek|ki|ku)|ilustracj[eai]|logo|ikon[aey]|plakat(?:u)?|portret(?:u)?|awatar|tapet[aey]|karykatur[aey]|komiks|szkic|naklejk[aei]|mema?|baner)",
    generic: "",
    barriers:
      "ktory|ktora|ktore|do|o|z|w|na|jak|czy|jest|lista|liste|tekst|kod|program|skrypt|funkcje|aplikacje|strone|historie|opis|docker|ja|ty",
    anything: "cos|cokolwiek|co chcesz|cos (?:ladnego|fajnego)",
    otherObjects: "wnioski|wniosek|diagram|schemat|wykres|tabele|tabela|linie|plan|sciane|trojkat|mape mysli",
    compounds: "docker|dysku|iso",
    closing: "prosze|dzieki|dla mnie|teraz",
  },
];
