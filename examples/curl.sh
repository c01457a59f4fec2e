#!/usr/bin/env bash
# One message to native chat with curl. The answer is a stream of typed events, shown as they arrive.
#   bash examples/curl.sh "Hello! Who are you?"
# Settings: SARMALINK_URL (http://localhost:3000), SARMALINK_KEY (the key of a local run, from .data/dev-key).
set -euo pipefail

url=${SARMALINK_URL:-http://localhost:3000}
key=${SARMALINK_KEY:-$(cat .data/dev-key)}
message=${1:-Hello! Who are you?}

# Quotes, backslashes and line ends of the message are escaped for JSON.
message=${message//\\/\\\\}
message=${message//\"/\\\"}
message=${message//$'\n'/\\n}

# -N: show each event when it arrives. --fail-with-body: an error status ends the script with its JSON.
curl -sSN --fail-with-body "$url/api/ai-chat" \
  -H "Authorization: Bearer $key" \
  -H "Content-Type: application/json" \
  -d "{\"message\": \"$message\"}"
