"""A client of POST /api/ai-chat in Python, with the standard library only (3.9 or later).

    python3 examples/stream_chat.py "Hello! Who are you?" [session id]

Settings: SARMALINK_URL (http://localhost:3000), SARMALINK_KEY (the key of a local run, from .data/dev-key).
"""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

url = os.environ.get("SARMALINK_URL", "http://localhost:3000")
key = os.environ.get("SARMALINK_KEY") or Path(".data/dev-key").read_text().strip()
message = sys.argv[1] if len(sys.argv) > 1 else "Hello! Who are you?"
session_id = sys.argv[2] if len(sys.argv) > 2 else None


def events(response):
    """The events of an answer: every frame is one line `data: <JSON>` and a blank line."""
    for line in response:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


def note(text):
    print(f"[{text}]", file=sys.stderr, flush=True)


request = urllib.request.Request(
    f"{url}/api/ai-chat",
    data=json.dumps({"message": message, "sessionId": session_id}).encode(),
    headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
)
last = None
try:
    with urllib.request.urlopen(request) as response:
        for event in events(response):
            last = event["type"]
            if last == "token":
                print(event["text"], end="", flush=True)
            elif last == "session":
                note(f"session {event['id']}")
            elif last == "attempt":
                note(f"{event['engine']}: {event['outcome']}")
            elif last == "backend":
                note(f"answered by {event['label']}")
            elif last == "error":
                note(f"{event['code']}: {event['message']}")
except urllib.error.HTTPError as error:
    # Before the stream an error is a status and a JSON body; inside it, an event.
    sys.exit(f"{error.code} {error.read().decode()}")
print()
# A stream that ends with neither `done` nor `error` was cut: the answer is incomplete.
sys.exit(0 if last == "done" else 1)
