/** Written by `npm run ceilings` from the price library; a test says when it is out of date. */
export const CONTEXT_WINDOWS: Readonly<Record<string, string>> = {
  anthropic: `
200000 claude-2* claude-3-5-haiku* claude-3-5-sonnet* claude-3-7-sonnet* claude-3-haiku* claude-3-opus* claude-3-sonnet* claude-3.5-haiku* claude-3.5-sonnet* claude-3.7-sonnet* claude-4-5-haiku* claude-4-5-opus* claude-4-opus* claude-4-sonnet* claude-4.5-haiku* claude-4.5-opus* claude-haiku-4-5* claude-haiku-4.5* claude-opus-4 claude-opus-4-0* claude-opus-4-1* claude-opus-4-20250514 claude-opus-4-5* claude-opus-4.1* claude-opus-4.5* claude-sonnet-3-7* claude-sonnet-3.7* claude-sonnet-4 claude-sonnet-4-0* claude-sonnet-4-2025* claude-sonnet-4-5* claude-sonnet-4.5* claude-sonnet-4@*
1000000 claude-4-6-opus* claude-4-7-opus* claude-4-8-opus* claude-4.6-opus* claude-4.7-opus* claude-4.8-opus* claude-5-5-opus* claude-5-opus* claude-5-sonnet* claude-5.0-opus* claude-5.0-sonnet* claude-5.5-opus* claude-fable-5 claude-fable-5-1 claude-opus-4-6* claude-opus-4-7* claude-opus-4-8* claude-opus-4.6* claude-opus-4.7* claude-opus-4.8* claude-opus-5 claude-opus-5-5 claude-opus-5.0* claude-opus-5.5* claude-sonnet-4-6* claude-sonnet-4.6* claude-sonnet-5* claude-sonnet-5.0*
`,
  cerebras: `
32768 cerebras/llama3.1-8b* cerebras:llama3.1-8b* llama3.1-8b
128000 cerebras/llama-3.3-70b* cerebras:llama-3.3-70b* llama-3.3-70b
131072 cerebras/gemma-4-31b* cerebras/gpt-oss-120b* cerebras/qwen-3-32b* cerebras/zai-glm-4.7* cerebras:gemma-4-31b* cerebras:gpt-oss-120b* cerebras:qwen-3-32b* cerebras:zai-glm-4.7* gemma-4-31b gpt-oss-120b qwen-3-32b zai-glm-4.7
`,
  cohere: `
4096 command-light*
128000 embed-v4.0
`,
  google: `
8192 gemini-2.5-flash-lite-preview-tts gemini-2.5-flash-preview-tts gemini-2.5-flash-tts gemini-2.5-pro-preview-tts gemini-2.5-pro-tts gemini-embedding-2
32768 gemini-1.0-pro gemini-1.0-pro-vision-001 gemini-pro
200000 anthropic/claude-sonnet-4 claude-opus-4 claude-sonnet-4
262144 gemma-4-26b-a4b-it gemma-4-26b-a4b-it-maas gemma-4-31b-it
1000000 gemini-2.5-flash-image gemini-2.5-flash-image-preview gemini-2.5-flash-lite gemini-3-flash-preview gemini-3-flash-preview-* gemini-3-pro-image gemini-3-pro-image-preview* gemini-3.1-flash-image gemini-3.1-flash-image-preview* gemini-3.1-flash-lite gemini-3.1-flash-lite-preview* gemini-3.5-flash gemini-3.5-flash-lite* gemini-3.5-flash-preview* gemini-3.6-flash* gemini-3.7-flash* gemini-3.8-flash* gemini-flash-1.5-8b
1048576 gemini-2.5-flash gemini-2.5-flash-latest gemini-2.5-flash-preview-09-2025
2000000 gemini-pro-1.5
`,
  groq: `
131072 deepseek-r1-distill-llama-70b meta-llama/llama-4-maverick-17b-128e-instruct meta-llama/llama-guard-4-12b moonshotai/kimi-k2-instruct moonshotai/kimi-k2-instruct-0905 openai/gpt-oss-120b openai/gpt-oss-20b openai/gpt-oss-safeguard-20b qwen/qwen3-32b
`,
  mistral: `
8192 mistral-embed
16384 mistral-ocr-2512 mistral-ocr-2512-completion mistral-ocr-4 mistral-ocr-4-0 mistral-ocr-4-0-completion mistral-ocr-4-1 mistral-ocr-4-1-completion mistral-ocr-4-completion voxtral-mini-2602 voxtral-mini-latest
32768 voxtral-small-24b-2507 voxtral-small-2507 voxtral-small-latest
131072 ministral-3b-2512
256000 codestral-2501 codestral-2508 codestral-latest
262144 devstral-2512 ministral-14b-2512 ministral-8b-2512 mistral-large-2512 mistral-medium-3 mistral-medium-3-5 mistral-medium-3.5 mistral-small-2603
`,
  openai: `
8192 computer-use* ft:gpt-4-0* gpt-4 gpt-4-0314 gpt-4-0613 text-embedding-3-large text-embedding-3-small text-embedding-ada text-embedding-ada-002 text-embedding-ada-002-v2
16000 gpt-4o-mini-realtime* gpt-4o-mini-transcribe gpt-4o-transcribe gpt-4o-transcribe-diarize
16385 gpt-3.5-turbo gpt-3.5-turbo-0125 gpt-3.5-turbo-0613 gpt-3.5-turbo-1106 gpt-3.5-turbo-16k gpt-3.5-turbo-16k-0613 gpt-3.5-turbo-instruct* gpt-3.5-turbo-instruct-0914 gpt-35-turbo gpt-35-turbo-16k gpt-35-turbo-16k-0613
32000 gpt-4-32k gpt-4-32k-0314 gpt-4-32k-0613 gpt-4o-realtime* gpt-realtime gpt-realtime-1.5 gpt-realtime-2025-08-28
128000 chatgpt-4o-latest gpt-4-0125-preview gpt-4-1106-preview gpt-4-1106-vision-preview gpt-4-turbo gpt-4-turbo-0125-preview gpt-4-turbo-2024-04-09 gpt-4-turbo-preview gpt-4-vision-preview gpt-4o gpt-4o-2024-05-13 gpt-4o-2024-08-06 gpt-4o-2024-11-20 gpt-4o-audio-preview* gpt-4o-mini gpt-4o-mini-2024-07-18 gpt-4o-mini-audio* gpt-4o-mini-search-preview gpt-4o-mini-search-preview-2025-03-11 gpt-4o-search-preview gpt-4o-search-preview-2025-03-11 gpt-5-3 gpt-5-3-chat gpt-5-3-chat-latest gpt-5.3 gpt-5.3-chat gpt-5.3-chat-latest gpt-audio gpt-audio-1.5 gpt-audio-2025-08-28 gpt-audio-mini gpt-audio-mini-2025-10-06 gpt-audio-mini-2025-12-15 gpt-realtime-2 gpt-realtime-2.1 o1-mini o1-mini-2024-09-12 o1-preview o1-preview-2024-09-12
131072 gpt-oss-120b gpt-oss-20b gpt-oss-safeguard-20b
200000 codex-mini codex-mini-latest o1 o1-2024-12-17 o1-pro o1-pro-2025-03-19 o3 o3-2025-04-16 o3-deep-research o3-deep-research-2025-06-26 o3-mini o3-mini-2025-01-31 o3-mini-high o3-pro o3-pro-2025-06-10 o4-mini o4-mini-2025-04-16 o4-mini-deep-research o4-mini-deep-research-2025-06-26 o4-mini-high
400000 gpt-5 gpt-5-1 gpt-5-1-2025-11-13 gpt-5-1-chat gpt-5-1-chat-latest gpt-5-1-codex gpt-5-1-codex-max gpt-5-1-codex-mini gpt-5-1-mini gpt-5-2 gpt-5-2-2025-12-11 gpt-5-2-chat gpt-5-2-chat-latest gpt-5-2-codex gpt-5-2-pro-2025-12-11 gpt-5-2025-08-07 gpt-5-3-codex gpt-5-4-mini gpt-5-4-mini-2026-03-17 gpt-5-4-nano gpt-5-4-nano-2026-03-17 gpt-5-chat gpt-5-chat-latest gpt-5-codex gpt-5-mini gpt-5-mini-2025-08-07 gpt-5-nano gpt-5-nano-* gpt-5-pro gpt-5-pro-2025-10-06 gpt-5.1 gpt-5.1-2025-11-13 gpt-5.1-chat gpt-5.1-chat-latest gpt-5.1-codex gpt-5.1-codex-max gpt-5.1-codex-mini gpt-5.1-mini gpt-5.2 gpt-5.2-2025-12-11 gpt-5.2-chat gpt-5.2-chat-latest gpt-5.2-codex gpt-5.2-pro gpt-5.2-pro-2025-12-11 gpt-5.3-codex gpt-5.4-mini gpt-5.4-mini-2026-03-17 gpt-5.4-nano gpt-5.4-nano-2026-03-17
1000000 gpt-4.1 gpt-4.1-2025-04-14 gpt-4.1-mini gpt-4.1-mini-2025-04-14 gpt-4.1-nano gpt-4.1-nano-2025-04-14 gpt-5-5 gpt-5-5-2026-04-23 gpt-5-5-2026-04-24 gpt-5-5-chat gpt-5-5-chat-latest gpt-5-5-codex gpt-5-5-pro gpt-5-5-pro-2026-04-23 gpt-5.5 gpt-5.5-2026-04-23 gpt-5.5-2026-04-24 gpt-5.5-chat gpt-5.5-chat-latest gpt-5.5-codex gpt-5.5-pro gpt-5.5-pro-2026-04-23
1050000 gpt-5-4 gpt-5-4-2026-03-05 gpt-5-4-pro gpt-5-4-pro-2026-03-05 gpt-5-6 gpt-5-6-luna gpt-5-6-sol gpt-5-6-terra gpt-5.4 gpt-5.4-2026-03-05 gpt-5.4-pro gpt-5.4-pro-2026-03-05 gpt-5.6 gpt-5.6-luna gpt-5.6-sol gpt-5.6-terra gpt-6-astra gpt-6-luna gpt-6-sol
`,
  openrouter: `
4095 openai/gpt-3.5-turbo-0613 openai/gpt-3.5-turbo-instruct
6144 undi95/remm-slerp-l2-13b
8000 mancer/weaver
8191 gpt-4-0314 openai/gpt-4
8192 deepseek/deepseek-r1-distill-llama-70b google/gemma-2-27b-it sao10k/l3-lunaris-8b
16384 microsoft/phi-4 rekaai/reka-edge
16385 gpt-3.5-turbo-0125 openai/gpt-3.5-turbo openai/gpt-3.5-turbo-16k
32000 mistralai/voxtral-small-24b-2507
32768 aion-labs/aion-rp-llama-3.1-8b anthracite-org/magnum-v4-72b google/gemini-2.5-flash-image mistralai/mistral-saba mistralai/mistral-small-24b-instruct-2501 perceptron/perceptron-mk1 qwen/qwen-2.5-7b-instruct qwen/qwen-2.5-coder-32b-instruct thedrummer/skyfall-36b-v2
60000 meta-llama/llama-3.2-1b-instruct
64000 deepseek/deepseek-r1
65535 microsoft/wizardlm-2-8x22b
65536 allenai/olmo-3-32b-think google/gemini-3-pro-image-preview google/gemini-3.1-flash-image-preview minimax/minimax-m2-her minimax/minimax-m2-her-20260123 mistralai/mixtral-8x22b-instruct rekaai/reka-flash-3 z-ai/glm-4.5v
81920 morph/morph-v3-fast qwen/qwen3-30b-a3b-thinking-2507
123000 baidu/ernie-4.5-vl-424b-a47b
127072 perplexity/sonar
128000 amazon/nova-micro-v1 bytedance/ui-tars-1.5-7b cohere/command-r-08-2024 cohere/command-r-plus-08-2024 cohere/command-r7b-12-2024 inception/mercury-2 mistral-large-2411 mistralai/mistral-large mistralai/mistral-large-2407 mistralai/mistral-small-3.1-24b-instruct nvidia/nemotron-3.5-content-safety:free openai/gpt-4-turbo openai/gpt-4-turbo-preview openai/gpt-4o openai/gpt-4o-2024-05-13 openai/gpt-4o-2024-08-06 openai/gpt-4o-2024-11-20 openai/gpt-4o-audio-preview openai/gpt-4o-mini openai/gpt-4o-mini-2024-07-18 openai/gpt-audio openai/gpt-audio-mini perplexity/sonar-deep-research perplexity/sonar-reasoning-pro
131000 ibm-granite/granite-4.0-h-micro
131072 aion-labs/aion-2.0 arcee-ai/virtuoso-large google/gemma-3-12b-it google/gemma-3-4b-it ibm-granite/granite-4.1-8b meta-llama/llama-3.1-70b-instruct mistralai/ministral-3b-2512 mistralai/mistral-medium-3 mistralai/mistral-medium-3.1 moonshotai/kimi-k2 nousresearch/hermes-3-llama-3.1-405b nousresearch/hermes-3-llama-3.1-70b nousresearch/hermes-4-405b nousresearch/hermes-4-70b openai/gpt-oss-20b openai/gpt-oss-safeguard-20b qwen/qwen3-235b-a22b qwen/qwen3-8b qwen/qwen3-vl-235b-a22b-thinking qwen/qwen3-vl-32b-instruct qwen/qwen3-vl-8b-thinking sao10k/l3.3-euryale-70b tencent/hunyuan-a13b-instruct thedrummer/cydonia-24b-v4.1 upstage/solar-pro-3 z-ai/glm-4.5 z-ai/glm-4.5-air z-ai/glm-4.6v
163840 deepseek/deepseek-chat-v3-0324 deepseek/deepseek-v3.1-terminus deepseek/deepseek-v3.2-exp meta-llama/llama-guard-4-12b
200000 anthropic/claude-3-haiku anthropic/claude-3-haiku:beta anthropic/claude-4.5-haiku-20251001 anthropic/claude-4.5-haiku-20251001:beta anthropic/claude-4.5-opus-20251124 anthropic/claude-4.5-opus-20251124:beta anthropic/claude-haiku-4.5 anthropic/claude-haiku-4.5-20251001 anthropic/claude-haiku-4.5-20251001:beta anthropic/claude-haiku-4.5:beta anthropic/claude-opus-4 anthropic/claude-opus-4.1 anthropic/claude-opus-4.5 anthropic/claude-opus-4.5-20251124 anthropic/claude-opus-4.5-20251124:beta anthropic/claude-opus-4.5:beta openai/o1-pro openai/o3 openai/o3-mini openai/o3-mini-high openai/o3-pro openai/o4-mini openai/o4-mini-high perplexity/sonar-pro
202752 z-ai/glm-5-turbo z-ai/glm-5-turbo-20260315
204800 minimax/minimax-m2.1
256000 cohere/command-a mistralai/codestral-2508 nvidia/nemotron-3-nano-omni-30b-a3b-reasoning:free relace/relace-apply-3 relace/relace-search x-ai/grok-build-0.1 x-ai/grok-code-fast-1
262144 arcee-ai/trinity-large-thinking bytedance-seed/seed-1.6 bytedance-seed/seed-1.6-flash bytedance-seed/seed-2.0-lite bytedance-seed/seed-2.0-mini google/gemma-4-26b-a4b-it:free google/gemma-4-31b-it google/gemma-4-31b-it:free mistralai/devstral-2512 mistralai/ministral-14b-2512 mistralai/ministral-8b-2512 mistralai/mistral-large-2512 mistralai/mistral-medium-3-5 moonshotai/kimi-k2-0905 moonshotai/kimi-k2-thinking moonshotai/kimi-k2.7-code moonshotai/kimi-k2.7-code-20260612 morph/morph-v3-large nvidia/nemotron-3-nano-30b-a3b nvidia/nemotron-3-super-120b-a12b:free qwen/qwen3-max qwen/qwen3-max-thinking qwen/qwen3-max-thinking-20260123 qwen/qwen3.5-122b-a10b qwen/qwen3.5-122b-a10b-20260224 qwen/qwen3.5-27b qwen/qwen3.5-27b-20260224 qwen/qwen3.6-max-preview qwen/qwen3.6-max-preview-20260420 stepfun/step-3.5-flash tencent/hy3-preview
272000 openai/gpt-5.4-image-2
300000 amazon/nova-lite-v1 amazon/nova-pro-v1
400000 openai/gpt-5 openai/gpt-5-2025-08-07 openai/gpt-5-chat openai/gpt-5-codex openai/gpt-5-image openai/gpt-5-image-mini openai/gpt-5-mini openai/gpt-5-mini-2025-08-07 openai/gpt-5-nano openai/gpt-5-pro openai/gpt-5.1 openai/gpt-5.1-chat openai/gpt-5.1-codex openai/gpt-5.1-codex-max openai/gpt-5.1-codex-mini openai/gpt-5.1-codex-mini-20251113 openai/gpt-5.2 openai/gpt-5.2-20251211 openai/gpt-5.2-chat openai/gpt-5.2-codex openai/gpt-5.2-pro openai/gpt-5.2-pro-20251211 openai/gpt-5.3-codex openai/gpt-5.3-codex-20260224 openai/gpt-5.4-mini openai/gpt-5.4-nano openai/gpt-chat-latest
1000000 amazon/nova-2-lite-v1 amazon/nova-premier-v1 anthropic/claude-4.5-sonnet-20250929 anthropic/claude-4.5-sonnet-20250929:beta anthropic/claude-4.6-opus-20260205 anthropic/claude-4.6-opus-20260205:beta anthropic/claude-4.6-sonnet-20260217 anthropic/claude-4.6-sonnet-20260217:beta anthropic/claude-fable-5 anthropic/claude-fable-5.1 anthropic/claude-fable-5.1:beta anthropic/claude-fable-5:beta anthropic/claude-opus-4.6 anthropic/claude-opus-4.6-20260205 anthropic/claude-opus-4.6-20260205:beta anthropic/claude-opus-4.6:beta anthropic/claude-opus-4.7 anthropic/claude-opus-4.7-fast anthropic/claude-opus-4.7:beta anthropic/claude-opus-4.8 anthropic/claude-opus-4.8-fast anthropic/claude-opus-4.8:beta anthropic/claude-opus-5 anthropic/claude-opus-5-fast anthropic/claude-opus-5.5 anthropic/claude-opus-5.5:beta anthropic/claude-opus-5:beta anthropic/claude-sonnet-4.5 anthropic/claude-sonnet-4.5-20250929 anthropic/claude-sonnet-4.5-20250929:beta anthropic/claude-sonnet-4.5:beta anthropic/claude-sonnet-4.6 anthropic/claude-sonnet-4.6-20260217 anthropic/claude-sonnet-4.6-20260217:beta anthropic/claude-sonnet-4.6:beta anthropic/claude-sonnet-5 anthropic/claude-sonnet-5:beta minimax/minimax-m1 nvidia/nemotron-3-ultra-550b-a55b:free qwen/qwen-plus qwen/qwen-plus-2025-07-28 qwen/qwen3-coder-flash qwen/qwen3-coder-plus qwen/qwen3.5-flash-02-23 qwen/qwen3.5-flash-20260224 qwen/qwen3.5-plus-02-15 qwen/qwen3.5-plus-20260216 qwen/qwen3.5-plus-20260420 qwen/qwen3.6-flash qwen/qwen3.6-plus qwen/qwen3.6-plus-04-02 qwen/qwen3.7-max qwen/qwen3.7-max-20260520 qwen/qwen3.7-plus qwen/qwen3.7-plus-20260602 x-ai/grok-4.3
1000192 minimax/minimax-01
1040000 writer/palmyra-x5
1047576 openai/gpt-4.1 openai/gpt-4.1-mini openai/gpt-4.1-mini-2025-04-14 openai/gpt-4.1-nano
1048576 google/gemini-2.5-flash google/gemini-2.5-flash-lite google/gemini-2.5-pro google/gemini-2.5-pro-preview google/gemini-2.5-pro-preview-05-06 google/gemini-3-flash-preview google/gemini-3.1-flash-lite google/gemini-3.1-flash-lite-preview google/gemini-3.1-pro-preview google/gemini-3.1-pro-preview-customtools google/gemini-3.5-flash google/lyria-3-clip-preview google/lyria-3-pro-preview moonshotai/kimi-k3 moonshotai/kimi-k3-20260715 z-ai/glm-5.2 z-ai/glm-5.2-20260616 z-ai/glm-5.3 z-ai/glm-5.3-20260816
1050000 openai/gpt-5.4 openai/gpt-5.4-20260305 openai/gpt-5.4-pro openai/gpt-5.5 openai/gpt-5.5-pro openai/gpt-5.6-luna openai/gpt-5.6-sol openai/gpt-5.6-terra openai/gpt-6-luna openai/gpt-6-luna-pro openai/gpt-6-luna-pro:batch openai/gpt-6-luna:batch openai/gpt-6-sol openai/gpt-6-sol-pro openai/gpt-6-sol-pro:batch openai/gpt-6-sol:batch
1310720 z-ai/glm-5.3-flash
2000000 x-ai/grok-4-fast x-ai/grok-4.1-fast:free x-ai/grok-4.20 x-ai/grok-4.20-multi-agent
`,
};
