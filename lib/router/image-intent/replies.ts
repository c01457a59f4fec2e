import type { ImageLanguage } from "#lib/router/image-intent/language.ts";

/**
 * `done` goes with an image, `question` asks what to draw. Where no image engine is configured, `missing` goes before
 * the prompt, `instead` behind it.
 */
type Replies = { missing: string; done: string; prompt: string; instead: string; question: string };

const REPLIES: Readonly<Record<ImageLanguage, Replies>> = {
  en: {
    missing: "This gateway cannot make images.",
    done: "Here is the image.",
    prompt: "The prompt for an image generator would be:",
    instead: "I can describe the image in words, or write it as SVG or ASCII art, if you ask for that.",
    question: "What should the image show?",
  },
  de: {
    missing: "Dieses Gateway kann keine Bilder erzeugen.",
    done: "Hier ist das Bild.",
    prompt: "Der Prompt für einen Bildgenerator wäre:",
    instead: "Auf Wunsch beschreibe ich das Bild in Worten oder schreibe es als SVG oder ASCII-Art.",
    question: "Was soll auf dem Bild zu sehen sein?",
  },
  fr: {
    missing: "Cette passerelle ne peut pas créer d'images.",
    done: "Voici l'image.",
    prompt: "Le prompt pour un générateur d'images serait :",
    instead:
      "Je peux décrire l'image avec des mots, ou l'écrire en SVG ou en ASCII art, si vous le demandez.",
    question: "Que doit montrer l'image ?",
  },
  es: {
    missing: "Esta pasarela no puede crear imágenes.",
    done: "Aquí está la imagen.",
    prompt: "El prompt para un generador de imágenes sería:",
    instead: "Puedo describir la imagen con palabras, o escribirla como SVG o arte ASCII, si lo pides.",
    question: "¿Qué debe mostrar la imagen?",
  },
  pt: {
    missing: "Este gateway não consegue criar imagens.",
    done: "Aqui está a imagem.",
    prompt: "O prompt para um gerador de imagens seria:",
    instead: "Posso descrever a imagem em palavras, ou escrevê-la como SVG ou arte ASCII, se você pedir.",
    question: "O que a imagem deve mostrar?",
  },
  it: {
    missing: "Questo gateway non può creare immagini.",
    done: "Ecco l'immagine.",
    prompt: "Il prompt per un generatore di immagini sarebbe:",
    instead: "Posso descrivere l'immagine a parole, o scriverla come SVG o ASCII art, se lo chiedi.",
    question: "Che cosa deve mostrare l'immagine?",
  },
  nl: {
    missing: "Deze gateway kan geen afbeeldingen maken.",
    done: "Hier is de afbeelding.",
    prompt: "De prompt voor een beeldgenerator zou zijn:",
    instead:
      "Ik kan de afbeelding in woorden beschrijven, of als SVG of ASCII-art schrijven, als je daarom vraagt.",
    question: "Wat moet er op de afbeelding te zien zijn?",
  },
  pl: {
    missing: "Ta brama nie potrafi tworzyć obrazów.",
    done: "Oto obraz.",
    prompt: "Prompt dla generatora obrazów brzmiałby:",
    instead: "Mogę opisać obraz słowami albo zapisać go jako SVG lub ASCII art, jeśli o to poprosisz.",
    question: "Co ma przedstawiać obraz?",
  },
  ru: {
    missing: "Этот шлюз не умеет создавать изображения.",
    done: "Вот изображение.",
    prompt: "Запрос для генератора изображений был бы таким:",
    instead: "Если попросите, я опишу изображение словами или напишу его как SVG или ASCII-арт.",
    question: "Что должно быть на изображении?",
  },
  tr: {
    missing: "Bu ağ geçidi görsel oluşturamıyor.",
    done: "İşte görsel.",
    prompt: "Bir görsel üreticisi için istem şu olurdu:",
    instead: "İsterseniz görseli sözcüklerle anlatabilir veya SVG ya da ASCII sanatı olarak yazabilirim.",
    question: "Görselde ne olmalı?",
  },
  ar: {
    missing: "لا تستطيع هذه البوابة إنشاء الصور.",
    done: "إليك الصورة.",
    prompt: "سيكون الوصف لمولّد الصور كما يلي:",
    instead: "يمكنني وصف الصورة بالكلمات أو كتابتها بصيغة SVG أو ASCII إذا طلبت ذلك.",
    question: "ماذا يجب أن تُظهر الصورة؟",
  },
  hi: {
    missing: "यह गेटवे चित्र नहीं बना सकता।",
    done: "यह रहा चित्र।",
    prompt: "चित्र जनरेटर के लिए प्रॉम्प्ट यह होगा:",
    instead: "कहें तो मैं चित्र का शब्दों में वर्णन कर सकता हूँ, या उसे SVG या ASCII कला के रूप में लिख सकता हूँ।",
    question: "चित्र में क्या दिखना चाहिए?",
  },
  zh: {
    missing: "此网关不能生成图片。",
    done: "图片已生成。",
    prompt: "用于图片生成器的提示词是：",
    instead: "如果需要，我可以用文字描述这幅图，或写成 SVG 或 ASCII 图。",
    question: "图片应该画什么？",
  },
  ja: {
    missing: "このゲートウェイは画像を生成できません。",
    done: "画像ができました。",
    prompt: "画像生成に使うプロンプトは次のとおりです：",
    instead: "ご希望なら、画像を言葉で説明したり、SVG やアスキーアートで書いたりできます。",
    question: "何を描きますか？",
  },
  ko: {
    missing: "이 게이트웨이는 이미지를 만들 수 없습니다.",
    done: "이미지를 만들었습니다.",
    prompt: "이미지 생성기에 쓸 프롬프트는 다음과 같습니다:",
    instead: "원하시면 이미지를 글로 설명하거나 SVG 또는 ASCII 아트로 쓸 수 있습니다.",
    question: "이미지에 무엇이 있어야 하나요?",
  },
};

/** The words that go with an image. */
export function imageReply(language: ImageLanguage): string {
  return REPLIES[language].done;
}

/** The answer to a wish that cannot be granted, with the prompt that it comes to. */
export function noImages(prompt: string, language: ImageLanguage): string {
  const { missing, prompt: lead, instead } = REPLIES[language];
  return `${missing} ${lead}\n\n> ${prompt.replace(/\s*\n\s*/g, " ")}\n\n${instead}`;
}

/** The question to somebody who has not said what to draw. It does not raise a hope that would be disappointed. */
export function askWhatToDraw(language: ImageLanguage, canDraw: boolean): string {
  const { missing, question } = REPLIES[language];
  return canDraw ? question : `${question}\n\n(${missing})`;
}

/** Whether an answer of this gateway was that question. */
export function isImageQuestion(answer: string): boolean {
  return Object.values(REPLIES).some(({ question }) => answer.startsWith(question));
}
