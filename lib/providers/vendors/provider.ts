import type { CredentialSource } from "#lib/providers/vendors/credentials.ts";
import type { EmbeddingDialect } from "#lib/providers/vendors/embedding-dialect.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";

/** A protocol (how requests are written and answers read) is code; everything else about a vendor is data. */
export const PROTOCOL_IDS = ["openai-compatible", "openai-responses", "anthropic", "gemini"] as const;
export type ProtocolId = (typeof PROTOCOL_IDS)[number];
/** The protocols of services that do something else than chat. */
export type ServiceProtocolId = "tavily" | "cloudflare";
/** OpenAI's two APIs: a row of the catalogue may choose between them. */
export const OPENAI_PROTOCOLS = ["openai-compatible", "openai-responses"] as const satisfies ProtocolId[];

/** A use of a provider. */
export type Offer = "chat" | "embeddings" | "speech" | "transcription" | "images" | "search";

/** Speech, transcription or images at an API of OpenAI's, with their path, which is appended to the base URL. */
export type MediaOffer = { path: string };
type OpenAiMedia = { speech: MediaOffer; transcription: TranscriptionOffer; images: MediaOffer };

export type TranscriptionOffer = MediaOffer & {
  /** Models that answer with the text alone, without times. */
  plainModels?: RegExp;
  /** The end of a longer prompt is sent. */
  maxPromptCharacters?: number;
  /** Shorter recordings are billed as ones of so many seconds. */
  minBilledSeconds?: number;
};

/** The same in a native protocol, whose paths follow from the model. */
export type NativeMedia = Record<never, never>;

/** The chat of a native protocol needs no data; an OpenAI dialect does not apply to it. */
export type NativeChat = { dialect?: never; responsesModels?: never };

/** Web search needs no data. */
export type NativeSearch = Record<never, never>;

/** `maxInputs`: the most inputs per call; undefined: no limit. */
export type NativeEmbeddings = { maxInputs?: number };

/**
 * Chat at an API of OpenAI's: `/chat/completions`, `/responses` or both.
 * `responsesModels`: the models that are called by `/responses` although the provider's protocol is chat
 * completions.
 */
export type OpenAiChat = { dialect: OpenAiDialect; responsesModels?: RegExp };

type OpenAiOffers = { chat: OpenAiChat; embeddings: EmbeddingDialect } & OpenAiMedia;

/** What each protocol can offer, with the data that each offer needs. */
type OffersOf = {
  "openai-compatible": OpenAiOffers;
  "openai-responses": OpenAiOffers;
  anthropic: { chat: NativeChat };
  gemini: { chat: NativeChat; embeddings: NativeEmbeddings; speech: NativeMedia };
  tavily: { search: NativeSearch };
  cloudflare: { speech: NativeMedia; transcription: NativeMedia; images: NativeMedia };
};

/** At least one offer; those that the protocol does not have are `undefined`. */
type SomeOf<Offers> = Partial<Offers> & { [Name in Exclude<Offer, keyof Offers>]?: never } & {
    [Name in keyof Offers]: Pick<Offers, Name>;
  }[keyof Offers];

/** The data of a provider that does not depend on its offers. */
export type ProviderFacts = {
  id: string;
  name: string;
  /** OpenAI-compatible: the URL before the dialect's path. Native protocols: a bare origin. */
  baseUrl: string;
  /**
   * An end of the base URL that operators copy although the paths of the requests have it; it is removed.
   */
  redundantPath?: RegExp;
  /** The variable that overrides `baseUrl`; undefined for a provider that an operator defines. */
  baseUrlEnv: string | undefined;
  credentials: CredentialSource;
  /** Prepended to model ids without a vendor prefix. */
  modelPrefix?: string;
  /** The provider that took over this one's models; it is tried next. */
  successor?: Successor;
  /** Can search the web itself. */
  webSearch?: boolean;
  /** Bills by default; free tiers do not. */
  paid?: boolean;
  /** First-token timeout, milliseconds, if the default is too short. */
  firstTokenTimeoutMs?: number;
  /** Its answers report their cost, in USD, reliably. */
  reportsCost?: boolean;
  /** Its name in OpenTelemetry's conventions for generative AI, if that is not its id. */
  telemetryName?: string;
  /** Id of the provider in the price library. */
  pricedAs?: string;
  /** The issuer of the opaque tokens in its answers, by default its id. */
  issuer?: string;
  headers?: Readonly<Record<string, string>>;
  /** Never benched, because its failures are intended (the sandbox). */
  neverBenched?: boolean;
  /** How long a model that it does not know is benched, milliseconds, if the operator can add it at any time. */
  missingModelBenchMs?: number;
  /** Where it lists the models that are installed there, which are its engines. */
  installed?: InstalledSource;
  /** Where it lists its models, if that is not where its protocol has them. */
  modelList?: ModelList;
};

/** A list of models that is read by GET and costs nothing. */
export type ModelList = {
  /** Appended to the base URL. */
  path: string;
  /** Changes the end of the base URL before. */
  base?: { from: RegExp; to: string };
  headers?: Readonly<Record<string, string>>;
  /**
   * Long lists have pages: the text in `field` of a page goes into the query of the next as `parameter`, as long as
   * `more`, if there is such a field, is true.
   */
  pages?: { field: string; parameter: string; more?: string };
  /** This list is public: what a GET with a key answers here, it refuses to a wrong one. */
  keyPath?: string;
  /** The ends of names that choose a way to serve a model, and are not listed. */
  unlistedSuffix?: RegExp;
};

/**
 * Lists of models, by their paths after the base URL; the first that answers counts. They are in the format of
 * Ollama or of OpenAI. `details`: where to ask, by POST, what a model can do, if the list does not tell.
 */
export type InstalledSource = readonly { path: string; details?: string }[];

export type Successor = {
  provider: string;
  /** Replaces this provider's name in the labels of its engines. */
  label: { from: RegExp; to: string };
};

/** A provider: one row. The protocol determines the possible offers and the data that each needs. */
export type ProviderDefinition = {
  [Protocol in ProtocolId | ServiceProtocolId]: ProviderFacts & { protocol: Protocol } & SomeOf<
      OffersOf[Protocol]
    >;
}[ProtocolId | ServiceProtocolId];
