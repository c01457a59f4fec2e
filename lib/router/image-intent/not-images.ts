/**
 * What engines write as text, and images that nobody draws. Found anywhere in a message, it is no wish for an image,
 * whatever verb is used.
 */
const TEXT_FORMS =
  /\b(?:ascii|svgs?|html5?|css3?|mermaid|plantuml|tikz|latex|matplotlib|graphviz|seaborn|ggplot2?|plotly|d3|d3\.js|three\.?js|p5\.?js|pygame|tkinter|webgl|opengl|canvas (?:api|element|tag)|javadoc|docker|dockerfile|kubernetes|k8s|iso (?:image|file)|emoji art|text art|unicode art|base64|regex|markdown table|step[- ]by[- ]step|tutorial)\b/i;

/** A programming language or an office program as the means: "in Python". */
const MEANS =
  /\b(?:in|with|using|via|en|avec|con|usando|mit|em|com|met|w|use)\s(?:\w{1,12}\s)?(?:python|javascript|typescript|java|c\+\+|c#|rust|golang|kotlin|swift|swiftui|matlab|php|ruby|excel|word|powerpoint|react|vue|angular|tailwind|bootstrap|flutter|turtle|pillow|opencv|processing|inkscape|blender|unity|photoshop|illustrator|gimp|figma|canva|procreate|ffmpeg|imagemagick|node|bash|powershell|networkx|pandas)\b/i;
const MEANS_ELSEWHERE =
  /(?:用|使用|на|с помощью)\s?(?:python|javascript|java|c\+\+|питон|питоне|html|css|excel|代码)|파이썬|पाइथन|パイソン|python\s?(?:で|로|ile|में)|パイソンで/i;

/** "Paint a picture of the economy." */
const ABSTRACT =
  /\b(?:picture|portrait|image)s? of (?:(?:the|our|a|an|his|her|their|what|how|life|modern|today's|current|global|ideal|typical|target|political|economic|social) ){0,4}(?:economy|situation|customers?|persona|audience|brand|servers?|database(?: server)?|infrastructure|architecture|market|markets|industry|society|health|crisis|problem|impact|politics|landscape of|state of|circumstances|conditions|poverty|inequality|democracy|labou?r|workforce|future of|system|disk|drive|partition|container|life (?:in|was|is)|life was|happened|happens|it was|it is like)\b|\b(?:clear|clearer|grim|bleak|rosy|vivid|full|fuller|better|bigger|accurate|complete|broad|overall|detailed) (?:mental )?picture\b|\bpicture this\b|\bbig picture\b|\bpaint (?:the|my|our|your) (?:\w{1,15} )?(?:walls?|rooms?|bedroom|kitchen|bathroom|house|fence|door|ceiling|cabinets?|furniture|deck|nails|garage|exterior|interior|car|town)\b/i;

/** Asks for text about, or of, an image. */
const CODE =
  /```|\b(?:write|generate|create|give me|show me|need) (?:some |the |a |an )?(?:\w{1,15} )?(?:code|script|function|program|prompt|caption|alt text|description|sql|query)\b/i;

const HEAD = 2_000;
const TAIL = 500;

export function isTextOrCode(message: string): boolean {
  const text = message.length <= HEAD + TAIL ? message : `${message.slice(0, HEAD)}\n${message.slice(-TAIL)}`;
  return [TEXT_FORMS, MEANS, MEANS_ELSEWHERE, ABSTRACT, CODE].some((pattern) => pattern.test(text));
}
