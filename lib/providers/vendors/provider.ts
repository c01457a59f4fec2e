import type { CredentialSource } from "#lib/providers/vendors/credentials.ts";
import type { EmbeddingDialect } from "#lib/providers/vendors/embedding-dialect.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";

/** How a request body is written and an answer read: code. Everything else about a vendor is data. */
export const PROTOCOL_IDS = ["openai-compatible", "anthropic", "gemini"] as const;
export type ProtocolId = (typeof PROTOCOL_IDS)[number];

/** What a provider can be asked for. */
export type Offer = "chat" | "embeddings" | "speech" | "images";

/** Speech or images at a path of their own, which is appended to the base URL. */
export type MediaOffer = { path: string };
type Media = { speech: MediaOffer; images: MediaOffer };

/** The chat of a native protocol needs no data: nothing of an OpenAI dialect means anything to it. */
export type NativeChat = { dialect?: never };

/** `maxInputs`: inputs that one call may bring; undefined: any number. */
export type NativeEmbeddings = { maxInputs?: number };

/** What each protocol can offer, and what it must know of a provider for that. */
type OffersOf = {
  "openai-compatible": { chat: { dialect: OpenAiDialect }; embeddings: EmbeddingDialect } & Media;
  anthropic: { chat: NativeChat } & Media;
  gemini: { chat: NativeChat; embeddings: NativeEmbeddings } & Media;
};

/** One offer at least; what the protocol does not have reads as `undefined`. */
type SomeOf<Offers> = Partial<Offers> & { [Name in Exclude<Offer, keyof Offers>]?: never } & {
    [Name in keyof Offers]: Pick<Offers, Name>;
  }[keyof Offers];

/** What is known of a provider, whatever it offers. */
export type ProviderFacts = {
  id: string;
  name: string;
  /** OpenAI-compatible: what stands before the dialect's path. Native protocols: a bare origin. */
  baseUrl: string;
  /** The variable that overrides `baseUrl`; undefined for a provider that an operator defines. */
  baseUrlEnv: string | undefined;
  credentials: CredentialSource;
  /** Put before model ids that have no vendor prefix. */
  modelPrefix?: string;
  /** The provider that has the same models where this one does not answer any more: it is asked next. */
  successor?: Successor;
  /** May search the web by itself. */
  webSearch?: boolean;
  /** Bills by default; free tiers do not. */
  paid?: boolean;
  /** First-token time-out, milliseconds, if the default is too short. */
  firstTokenTimeoutMs?: number;
  /** Its answers say what they cost, in USD, and may be believed. */
  reportsCost?: boolean;
  /** Id of the provider in the price library. */
  pricedAs?: string;
  /** The issuer of the opaque tokens in its answers, which requests may bring back; by default its id. */
  issuer?: string;
  headers?: Readonly<Record<string, string>>;
  /** Its failures are wanted: no bench and no breaker ever keeps it out. */
  neverBenched?: boolean;
};

export type Successor = {
  provider: string;
  /** What the labels of its engines say in place of this provider's name. */
  label: { from: RegExp; to: string };
};

/** A provider: one row. The protocol decides what it may offer, and what each offer has to say. */
export type ProviderDefinition = {
  [Protocol in ProtocolId]: ProviderFacts & { protocol: Protocol } & SomeOf<OffersOf[Protocol]>;
}[ProtocolId];
