#!/bin/sh
# Reviews the staged changes and prints findings as JSON.
set -eu
schema=$(mktemp)
trap 'rm -f "$schema"' EXIT
cat > "$schema" <<'JSON'
{"type":"object","additionalProperties":false,"required":["findings"],
 "properties":{"findings":{"type":"array","items":{"type":"object","additionalProperties":false,
   "required":["file","line","problem"],
   "properties":{"file":{"type":"string"},"line":{"type":"integer"},"problem":{"type":"string"}}}}}}
JSON
{ echo "Review this change. Report real problems only."; git diff --cached; } |
  burin exec --output-schema "$schema" -
