import type { Artifact, TaskStatus } from "#lib/manus/task.ts";
import type { TaskLanguage } from "#lib/manus/task-wish.ts";
import { truncate } from "#lib/shared/text.ts";

/** What a reply says of a task. */
export type ToldTask = {
  id: string;
  title: string;
  url: string | undefined;
  status: TaskStatus;
  output: string | undefined;
  artifacts: readonly Artifact[];
  error: string | undefined;
};

/** The longest part of an output in a reply, characters; all of it is at the task's own address. */
const MAX_OUTPUT = 60_000;
const PATH = "/api/v1/manus/tasks/";
const ID_IN_TEXT = /\/api\/v1\/manus\/tasks\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/g;

/** The newest task that a reply of ours names; undefined if there is none. */
export function taskIn(reply: string): string | undefined {
  return [...reply.matchAll(ID_IN_TEXT)].at(-1)?.[1];
}

type Words = {
  started(title: string): string;
  follow: string;
  later(path: string): string;
  states: Readonly<Record<TaskStatus, (title: string) => string>>;
  files: string;
  address(path: string): string;
};

const WORDS: Readonly<Record<TaskLanguage, Words>> = {
  en: {
    started: (title) => `I have given this to Manus as a task: “${title}”. It takes some minutes.`,
    follow: "Follow it at Manus",
    later: (path) => `Ask me here whether it is done. Its address is \`${path}\`.`,
    states: {
      pending: (title) => `The task “${title}” waits for Manus to begin.`,
      running: (title) => `Manus is working on the task “${title}”.`,
      waiting: (title) => `Manus needs an answer before it goes on with the task “${title}”.`,
      completed: (title) => `Manus has finished the task “${title}”.`,
      failed: (title) => `The task “${title}” has failed.`,
      stopped: (title) => `The task “${title}” was stopped.`,
    },
    files: "Files:",
    address: (path) => `The task's address is \`${path}\`.`,
  },
  de: {
    started: (title) => `Ich habe das als Aufgabe an Manus gegeben: „${title}“. Es dauert einige Minuten.`,
    follow: "Bei Manus verfolgen",
    later: (path) => `Frag mich hier, ob sie fertig ist. Ihre Adresse ist \`${path}\`.`,
    states: {
      pending: (title) => `Die Aufgabe „${title}“ wartet darauf, dass Manus beginnt.`,
      running: (title) => `Manus arbeitet an der Aufgabe „${title}“.`,
      waiting: (title) => `Manus braucht eine Antwort, um mit der Aufgabe „${title}“ weiterzumachen.`,
      completed: (title) => `Manus ist mit der Aufgabe „${title}“ fertig.`,
      failed: (title) => `Die Aufgabe „${title}“ ist fehlgeschlagen.`,
      stopped: (title) => `Die Aufgabe „${title}“ wurde angehalten.`,
    },
    files: "Dateien:",
    address: (path) => `Die Adresse der Aufgabe ist \`${path}\`.`,
  },
  fr: {
    started: (title) => `J'ai confié cela à Manus comme tâche : « ${title} ». Cela prend quelques minutes.`,
    follow: "La suivre chez Manus",
    later: (path) => `Demandez-moi ici si elle est terminée. Son adresse est \`${path}\`.`,
    states: {
      pending: (title) => `La tâche « ${title} » attend que Manus commence.`,
      running: (title) => `Manus travaille à la tâche « ${title} ».`,
      waiting: (title) => `Manus attend une réponse pour poursuivre la tâche « ${title} ».`,
      completed: (title) => `Manus a terminé la tâche « ${title} ».`,
      failed: (title) => `La tâche « ${title} » a échoué.`,
      stopped: (title) => `La tâche « ${title} » a été arrêtée.`,
    },
    files: "Fichiers :",
    address: (path) => `L'adresse de la tâche est \`${path}\`.`,
  },
  es: {
    started: (title) => `He encargado esto a Manus como tarea: «${title}». Tarda unos minutos.`,
    follow: "Seguirla en Manus",
    later: (path) => `Pregúntame aquí si está lista. Su dirección es \`${path}\`.`,
    states: {
      pending: (title) => `La tarea «${title}» espera a que Manus empiece.`,
      running: (title) => `Manus está trabajando en la tarea «${title}».`,
      waiting: (title) => `Manus necesita una respuesta para seguir con la tarea «${title}».`,
      completed: (title) => `Manus ha terminado la tarea «${title}».`,
      failed: (title) => `La tarea «${title}» ha fallado.`,
      stopped: (title) => `La tarea «${title}» se detuvo.`,
    },
    files: "Archivos:",
    address: (path) => `La dirección de la tarea es \`${path}\`.`,
  },
};

/** Says that a task was made, what it is called and where it can be seen. */
export function startedReply({ id, title, url }: ToldTask, language: TaskLanguage): string {
  const { started, follow, later } = WORDS[language];
  const link = url === undefined ? "" : ` [${follow}](<${url}>).`;
  return `${started(plainText(title))}${link}\n\n${later(PATH + id)}`;
}

/** Says how a task is, and shows what it has made. */
export function stateReply(task: ToldTask, language: TaskLanguage): string {
  const { id, title, url, status, output, artifacts, error } = task;
  const { states, files, follow, address } = WORDS[language];
  const link = url === undefined ? "" : ` [${follow}](<${url}>).`;
  const list = artifacts.map((file) => `- [${plainText(file.name)}](<${file.url}>)`).join("\n");
  return [
    `${states[status](plainText(title))}${link}`,
    error === undefined ? "" : plainText(error),
    output === undefined ? "" : truncate(output, MAX_OUTPUT),
    list === "" ? "" : `${files}\n\n${list}`,
    address(PATH + id),
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** A text of others without effect as Markdown. */
function plainText(text: string): string {
  return text.replace(/[\\`*_[\]<>|#!]/g, "\\$&");
}
