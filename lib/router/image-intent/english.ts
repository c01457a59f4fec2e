import type { GrammarSource } from "#lib/router/image-intent/grammar.ts";

export const ENGLISH: GrammarSource = {
  language: "en",
  polite:
    "please|pls|plz|hey|hi|hello|ok|okay|now|so|then|and|also|instead|rather|actually|no|yes|hmm|wow|well|great|thanks|thank you|alright|" +
    "can you|could you|would you|will you|can u|could u|you can|can we|i want you to|i'd like you to|i would like you to|i need you to|" +
    "let's|lets|help me|help me to|try to|try and|go ahead and|would you mind|just|kindly|quickly|" +
    "can i get you to|i'd love for you to|are you able to",
  draw: "draw|/imagine|/draw|/image",
  technique: "paint|sketch|illustrate|doodle|photoshop",
  make: "generate|generating|gen|create|creating|make|making|produce|design|designing|render|rendering|craft|compose|visuali[sz]e|redraw|whip up|do(?= an? | some | me )|i (?:want|would like|need) to generate|i'd like to generate|can we generate|mock up",
  want: "i want|i need|i'd like|i would like|i'd love|we need|we want|give me|show me|get me|send me|need|want|can i have|can i get|could i get|could i have|may i have|can i see|let me see|looking for|i'm looking for",
  forWhom: "me|us|him|her|them|for me|for us|to me|yourself",
  determiners:
    "a|an|some|one|another|two|three|four|five|several|a few|few|a couple of|multiple|any|a set of|a series of|\\d+",
  bland:
    "new|nice|cool|beautiful|great|good|random|funny|pretty|amazing|awesome|cute|high quality|hd|4k|quick|simple|ai|ai-generated|unique|custom|detailed|interesting|different|creative|lovely",
  nouns:
    "(?:image|picture|pic|photo|photograph|drawing|painting|illustration|sketch|logo|logotype|icon|wallpaper|poster|portrait|self-portrait|avatar|artwork|art piece|art|cartoon|comic strip|comic|meme|sticker|clip ?art|doodle|mural|render|rendering|3d render|mascot|emblem|caricature|watercolou?r|headshot|coloring page|colouring page|infographic|thumbnail|digital art|concept art|pixel art|line art|cover art|album cover art|book cover art|album cover|book cover|magazine cover|profile picture|banner|flyer|snapshot|collage|vector art|gif|selfie|tattoo design)s?",
  generic: "(?:an? |some |the )?(?:images?|pictures?|pics?|visuals?) (?:of|showing|depicting|with)",
  barriers:
    "i|you|he|she|we|they|it|money|living|business|career|selling|that|which|who|whose|to|for|of|from|with|without|about|on|in|into|when|if|how|what|why|where|using|via|by|as|like|than|is|are|was|the|this|these|those|my|your|our|app|application|website|site|page|script|program|function|class|code|list|table|story|text|essay|article|description|tool|bot|prompt|app's|account|plan|presentation|file|folder|database|component|button|game|model|api|docker|disk|iso|os|boot|container|vm|mirror|base",
  links:
    "that|which|who|whose|to|for|of|from|with|without|about|on|in|into|when|if|using|via|by|as|like|than|is|are|up|down|out|over|near|back|away|between|along|inside|under|behind|beside|next|at|through|and|while|where|inspired|based|made|taken|called|named|titled|shaped|full|set|but|\\w+ing",
  anything:
    "something|anything|whatever|stuff|sth|something (?:nice|cool|beautiful|funny|cute|random|for me)|whatever you (?:want|like)|anything you (?:want|like)|something you like",
  otherObjects:
    "people into|(?:readers?|audiences?|customers?|visitors?|users?|listeners?|viewers?)(?: in(?:to)?)?|between|results?|odds|date|conclusions?|inferences?|lessons?|parallels?|distinctions?|comparisons?|contrasts?|attention|blood|blanks?|crowds?|salary|salaries|breath|near|back|from|on|upon|up|out|down|inspiration|strength|power|cards|card from|card$|curtains?|blinds?|weapon|gun|sword from|names|winners?|lots?|boundar(?:y|ies)|the line|a line|line|lines|line between|line under|samples?|interest|criticism|ire|over|away|close|closer|along|a bath|bath|fire|fund(?:s|ing)?|money|tickets?|straws?|together|to a close|trump|number|numbers|analog(?:y|ies)|connections?|ideas?|insights?|" +
    "diagrams?|flow ?charts?|flowcharts?|charts?|graphs?|histograms?|plots?|scatterplots?|uml|erd|gantt|venn|mindmap|mind maps?|timeline|decision tree|binary tree|syntax tree|parse tree|family tree|truth table|table|tables|number line|wireframes?|schemas?|schematics?|state machine|lewis|structure|graph|matrix|architecture|plans?|outlines?|proof|solution|strategy|roadmap|proposal|approach|how|why|that|what|where|when|whether|concepts?|answers?|arguments?|usage|use|your|differences?|importance|point|principle|relationship|example|examples|process|steps?|contract|agreement|will|curve|triangle|rectangle|square on|circuit|polygon|functions?|vectors?|path|hyperbola|parabola|molecules?|probability|moral|jobs?|er model|tree diagram",
  compounds:
    "frames?|tags?|hosting|tagging|marketing|training|optimi[sz]ation|processing|files?|formats?|sizes?|librar(?:y|ies)|galler(?:y|ies)|viewers?|classifiers?|classification|recognition|detection|segmentation|datasets?|urls?|links?|uploads?|uploader|components?|elements?|editors?|editing|descriptions?|captions?|captioning|alt|prompts?|generators?|generation|models?|resizers?|resizing|sliders?|carousels?|compression|compressor|books?|ideas?|names?|titles?|slogans?|history|essays?|class|project|lesson|critique|curriculum|style|styles|galleries|exhibition|movements?|buttons?|fonts?|apps?|websites?|albums?|folders?|search|converter|conversion|metadata|pipeline|api|server|registry|repository|layers?|sprites? sheet code|policy|quality|analysis|comedy|show|script|scripts|review|reviews|contest|shoot|editor|lovers?|sources?|mode|of health|perfect|therapy|director|teacher|school|supplies|dealer|market|component|code|maker|concepts?|copy|text|template|templates|tool|tools|pack|plan|strategy|tutorial|course|day|presentation|board|printer|paper|store|stick|recommendations?|photographers?|to (?:watch|read|buy|stream)|i can (?:buy|use|download)",
  closing:
    "please|pls|plz|for me|for us|thanks|thank you|now|then|again|quickly|if you can|if possible|today|ok|okay",
};
