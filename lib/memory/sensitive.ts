import { fold } from "#lib/memory/fold.ts";

/**
 * What people tell in passing, and may not want to find in a list: health, religion, politics, sexuality, and the
 * like (article 9 of the GDPR). Diets are kept: they are what memory is for.
 */
const SENSITIVE = new RegExp(
  `(?<!\\p{L})(?:${[
    // Health.
    "diabet|cancer|tumou?r|hiv(?!e)|aids(?!\\p{L})|depress|anxiety|bipolar|schizo|adhd|autis|epilep|asthma|pregnan|miscarr|abortion|alcoholi|addict|suicid|therap(?:y|ist)|psychiat|medicat|insulin|antidepress|chemo|dialys|disabilit|disabled|wheelchair|illness|disease|disorder|syndrome|diagnos|surgery|allerg|celiac|coeliac|migraine|blood (?:type|pressure)|hepatit|herpes|infertil|ptsd|dement|alzheimer|parkinson",
    "krebs|schwanger|epilept|medikament|krankheit|behindert|behinderung|sucht(?!e)|asthmat|diabetiker|enceinte|maladie|handicap|depresi|embaraza|enfermedad|discapac|incinta|malattia|gravida|doenca|zwanger|ziekte|gravid|sjukdom|ciaz|choroba|беремен|диабет|рак(?!\\p{L})|депресс|аллерг|инвалид|болезн|hamile|hastalig|kanser",
    // Belief, politics, sexuality, origin, unions, the law.
    "muslim|christian|catholic|protestant|jewish|judaism|hindu(?!st)|buddhis|sikh|atheis|religio|mosque|synagogue|islam|evangelical|mormon|gay(?!\\p{L})|lesbian|bisexual|transgender|transsex|queer|homosexual|heterosexual|sexual|republican|democrat(?!i)|socialist|communist|conservative party|labour party|votes? for|voted|trade union|union member|ethnic|convict|criminal record|prison|undocumented|asylum",
    "muslimisch|christlich|katholisch|evangelisch|judisch|schwul|lesbisch|gewerkschaft|musulman|chretien|catholique|juif|cristian|catolic|judi[oa]|musulman|мусульман|христиан|православ|иуде|гей(?!\\p{L})|musluman|hristiyan",
  ].join(
    "|",
  )})|癌|糖尿病|怀孕|懷孕|抑郁|艾滋|穆斯林|基督|佛教|同性恋|妊娠|鬱病|うつ|임신|당뇨|우울|مسلم|مسيحي|حامل|سكري|मुस्लिम|हिंदू|ईसाई|गर्भवती|मधुमेह`,
  "u",
);

/** Whether a fact is of a kind that is kept only if the user asks for it. */
export function isSensitive(fact: string): boolean {
  return SENSITIVE.test(fold(fact));
}
