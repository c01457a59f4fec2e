import { START } from "#lib/plugins/plugin-rules.ts";
import { endsOf } from "#lib/shared/text.ts";

export type TaskLanguage = "en" | "de" | "fr" | "es";

/** In a long text the request stands at its beginning or its end; this much of each is read, characters. */
const EDGE = 600;
/** A question about the state of a task is short. */
const MAX_QUESTION = 120;

/** How a language gives work to Manus by its name, and how it asks for research of the kind that takes long. */
type Rules = {
  /** Matched anywhere. */
  named: RegExp;
  /** A sentence begins so, says how thorough it is to be, and it or the next one asks for a report. */
  research: RegExp;
  depth: RegExp;
  report: RegExp;
};

const POLITE_DE = "(?:(?:bitte|hallo|hey|kannst du|könntest du|ok)[ ,]+){0,3}";
const POLITE_FR = "(?:(?:s'il te plaît|s'il vous plaît|bonjour|merci de|peux-tu|pouvez-vous)[ ,]+){0,3}";
const POLITE_ES = "(?:(?:por favor|hola|puedes|podrías)[ ,]+){0,3}";
const BEGIN = "(?:^|[.!?\\n] *)";

const RULES: Readonly<Record<TaskLanguage, Rules>> = {
  en: {
    named: new RegExp(
      `${START}(?:(?:use|ask|tell|get) manus (?:to (?!mean\\b|refer\\b|describe\\b|denote\\b)|for (?:this|that|it)\\b)|(?:let|have) manus [a-z]|(?:hand|delegate|give|send|pass) (?:this|that|it|the (?:task|research|work))(?: over)? to manus\\b|(?:create|start|run|launch|open) a (?:new )?manus task\\b|(?:with|using|via) manus ?[,:])`,
    ),
    research:
      /^(?:(?:please|hey|hi|hello|ok|now|could you|can you|would you|i want you to|i'd like you to|i need you to)[ ,]+){0,3}(?:(?:deeply |thoroughly )?(?:research|investigate|analy[sz]e|study)|(?:do|run|conduct|carry out|perform)\b.{0,30}\bresearch)\b/,
    depth:
      /\b(?:in[ -]depth|deep(?:ly)?|thorough(?:ly)?|comprehensive(?:ly)?|exhaustive(?:ly)?|in (?:full|great) detail)\b/,
    report:
      /\b(?:write|produce|prepare|create|compile|deliver|draft|give me|send me|put together)\b.{0,60}\b(?:reports?|dossier|white ?paper|market study)\b/,
  },
  de: {
    named: new RegExp(
      `${BEGIN}${POLITE_DE}(?:(?:nutze?|benutze?|verwende|nimm|beauftrage|bitte) manus\\b.{0,80}\\b(?:um|für|damit|zu)\\b|lass(?:e)? manus [a-zäöü]|(?:gib|übergib|schick)\\b.{0,40}\\ban manus\\b|mit manus ?[,:])`,
    ),
    research: new RegExp(
      `^${POLITE_DE}(?:recherchiere?|untersuche?|erforsche?|analysiere?|recherchieren|führe? eine\\b.{0,30}\\brecherche)(?![a-zäöüß])`,
    ),
    depth: /(?:gründlich|ausführlich|eingehend|umfassend|tiefgehend|im detail|in der tiefe)/,
    report:
      /(?:schreib|erstell|verfass|liefer|mach)[a-z]*\b.{0,60}(?:bericht|report|dossier|studie)(?![a-zäöüß])/,
  },
  fr: {
    named: new RegExp(
      `${BEGIN}${POLITE_FR}(?:utilise[rz]? manus pour\\b|demande[rz]? à manus (?:de|d')|confie[rz]?\\b.{0,40}\\bà manus\\b|avec manus ?[,:])`,
    ),
    research: new RegExp(
      `^${POLITE_FR}(?:recherche[rz]?|étudie[rz]?|analyse[rz]?|enquête[rz]? sur|(?:fais|faites|faire|mène|menez) une (?:recherche|étude|analyse))(?![a-zà-ÿ])`,
    ),
    depth: /(?:en profondeur|approfondie?s?|exhaustive?(?:ment)?|en détail)(?![a-zà-ÿ])/,
    report:
      /(?:rédige|écri[st]|écrivez|prépare|produi[st]|fais|faites|livre)[a-zà-ÿ]*\b.{0,60}(?:rapport|dossier|étude)(?![a-zà-ÿ])/,
  },
  es: {
    named: new RegExp(
      `${BEGIN}${POLITE_ES}(?:(?:usa|utiliza|use|utilice) manus para\\b|(?:pide|pídele|pida|encarga|encárgale) a manus (?:que\\b|[a-zá-ú])|con manus ?[,:])`,
    ),
    research: new RegExp(
      `^${POLITE_ES}(?:investigar?|analizar?|estudiar?|investigue|(?:haz|realiza|lleva a cabo) una investigación)(?![a-zá-úñ])`,
    ),
    depth:
      /(?:a fondo|en profundidad|exhaustiv(?:o|a|amente)|detalladamente|profunda(?:mente)?)(?![a-zá-úñ])/,
    report:
      /(?:escrib|redact|prepar|elabor|haz|entreg)[a-zá-ú]*\b.{0,60}(?:informe|reporte|dossier|estudio)(?![a-zá-úñ])/,
  },
};

const LANGUAGES = ["en", "de", "fr", "es"] as const satisfies readonly TaskLanguage[];

/** The language of a message that plainly asks for a long task; undefined for every other message. */
export function findTaskWish(message: string): TaskLanguage | undefined {
  const text = plain(endsOf(message.trim(), EDGE));
  if (/^(?:@manus[ :]|manus:)\s*\S/.test(text)) return "en";
  const sentences = text.split(/[.!?\n]+ */);
  return LANGUAGES.find((language) => {
    const { named, research, depth, report } = RULES[language];
    if (named.test(text)) return true;
    return sentences.some((sentence, at) => {
      if (!research.test(sentence) || !depth.test(sentence)) return false;
      return report.test(sentence) || report.test(sentences[at + 1] ?? "");
    });
  });
}

/** A question about a task. `isNamed`: it says what it is about, so that it need not follow upon the task. */
export type StateQuestion = { language: TaskLanguage; isNamed: boolean };

type Questions = { subject: string; about: readonly string[] };

/** Whole messages; `%` stands for what is asked about. */
const QUESTIONS: Readonly<Record<TaskLanguage, Questions>> = {
  en: {
    subject: "(?:the|my|that|this|your|manus's) (?:manus )?(?:task|research|report|work|job)|manus",
    about: [
      "(?:is|are) (?:%|it|that|this|you|we) (?:already |all )?(?:done|ready|finished|complete|there)(?: yet| now)?",
      "(?:has|have|did) (?:%|it|you) (?:finished|completed|ended|finish|complete|end)(?: yet| now)?",
      "how(?:'s| is| are) (?:%|it|that|things|you) (?:going|doing|coming along|progressing|getting on)(?: with %)?",
      "how far (?:is|are|along is) (?:%|it|you)(?: along)?",
      "(?:is there |are there |do you have )?any (?:news|progress|updates?|results?)(?: yet)?(?: (?:on|of|from|about|with|for) (?:%|it|that))?(?: yet)?",
      "what(?:'s| is) the (?:status|state|progress)(?: (?:of|on|with) (?:%|it|that))?",
      "(?:status|progress|update)(?: (?:of|on) (?:%|it|that))?",
      "(?:show|give) me (?:the )?(?:results?|output|progress|status)(?: (?:of|from) %)?|show me %",
      "what (?:did|has) (?:manus|it|%) (?:find|found|say|said|write|written|found out|come up with)(?: so far)?",
    ],
  },
  de: {
    subject: "(?:der|die|das|mit der|mit dem) (?:manus-?)?(?:aufgabe|recherche|bericht|arbeit)|manus",
    about: [
      "(?:ist|bist|sind) (?:%|es|du|das|sie|er) (?:schon |jetzt |denn |bereits )*(?:fertig|soweit|so weit|da|abgeschlossen)",
      "wie (?:läuft|steht) (?:%|es)(?: (?:damit|mit %|%|um %))?|wie weit (?:ist|bist|sind) (?:%|es|du|sie|er)",
      "(?:gibt es |hast du )?(?:schon )?(?:neuigkeiten|etwas neues|was neues|ergebnisse|fortschritte)(?: (?:von|zu) (?:%))?",
      "(?:wie ist der )?(?:stand|status)(?: (?:von|der) .{1,20})?",
      "(?:zeig|zeige) mir (?:die ergebnisse|das ergebnis|%|den bericht)",
    ],
  },
  fr: {
    subject: "(?:la|le|ma|mon|cette) (?:tâche|recherche|rapport|travail)|manus",
    about: [
      "(?:est-ce (?:que )?)?(?:c'est|%|est-ce) (?:est )?(?:déjà |enfin )?(?:fini|finie|prêt|prête|terminé|terminée)",
      "(?:as-tu|tu as|avez-vous) (?:fini|terminé)|où en (?:est|sont|es-tu|êtes-vous)(?: (?:%|on))?|comment avance (?:%|ça)",
      "(?:as-tu |y a-t-il )?(?:des|du|de) (?:nouvelles|nouveau|résultats)(?: (?:de|sur) %)?",
      "(?:quel est )?(?:le |l')?(?:statut|état)(?: (?:de|du) .{1,20})?|montre-moi (?:les résultats|le résultat|%)",
    ],
  },
  es: {
    subject: "(?:la|el|mi|esa|ese|esta|este) (?:tarea|investigación|informe|trabajo)|manus",
    about: [
      "(?:ya )?(?:está|estás) (?:ya )?(?:%)? ?(?:list[oa]|terminad[oa]|hech[oa]|acabad[oa])(?: ya| %)?|(?:ya )?(?:has terminado|terminaste|terminó %|terminó)",
      "(?:cómo|como) (?:va|vas|está|sigue)(?: (?:%|eso|todo))?(?: con %)?",
      "(?:hay|tienes) (?:alguna? )?(?:novedad|novedades|noticias|resultados|avances)(?: (?:de|sobre) %)?",
      "(?:cuál es )?(?:el )?estado(?: de .{1,20})?|muéstrame (?:los resultados|el resultado|%)",
    ],
  },
};

const PATTERNS = LANGUAGES.map((language) => {
  const { subject, about } = QUESTIONS[language];
  const whole = about.join("|").replaceAll("%", `(?:${subject})`);
  const polite = "(?:(?:so|hey|hi|and|und|et|y|well|ok|please|bitte|hallo|alors)[ ,]+){0,2}";
  return {
    language,
    question: new RegExp(`^${polite}(?:${whole})$`),
    subject: new RegExp(`(?:^| )(?:${subject}|den bericht|du rapport|del informe)(?: |$)`),
  };
});

/** What a message asks about the state of a task; undefined if it asks for something else. */
export function findStateQuestion(message: string): StateQuestion | undefined {
  const trimmed = message.trim();
  if (trimmed.length > MAX_QUESTION) return undefined;
  const text = plain(trimmed)
    .replace(/[¿¡?!.,;]+/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  const found = PATTERNS.find(({ question }) => question.test(text));
  return found === undefined ? undefined : { language: found.language, isNamed: found.subject.test(text) };
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFC")
    .replace(/[\u2018\u2019]/g, "'");
}
