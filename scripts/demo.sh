#!/usr/bin/env bash
# Does the main job once, on real input, for a person to look at.
set -u
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  cat <<'TXT'
Usage: scripts/demo.sh [FILE.jsonl]

Starts Stoker if it does not run, uploads FILE.jsonl (default: deployment/samples/sentences.jsonl, 320
sentences to embed), creates a batch, shows its progress, downloads the answers to the folder demo
below the data directory, checks that every custom_id came back exactly once, and shows for some
sentences which other one is nearest in meaning. Stoker keeps running: scripts/stop-all.sh stops it.

Exits with 0 only if every line was answered. Set OPENAI_API_KEY if your server asks for a key.
TXT
  exit 0
fi
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ $# -le 1 ] || fail "one file at a time: scripts/demo.sh [FILE.jsonl]"
input=${1:-$STOKER_HOME/deployment/samples/sentences.jsonl}
case $input in
  -*) fail "unknown option $input; see scripts/demo.sh --help" ;;
esac
[ -f "$input" ] && [ -r "$input" ] || fail "cannot read $input: name a JSONL file of batch requests"
use_jdk

serving() { [[ $(http_get /health) == *'"status":"healthy"'*'"status":"ready"'* ]]; }
if ! serving; then
  "$STOKER_HOME/scripts/start-all.sh" || fail "the demo needs a running Stoker: see above"
  say ""
fi

on_terminal=false
[ -t 1 ] && on_terminal=true
"$JAVA_HOME/bin/java" -Xmx512m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
  -Dstdout.encoding=UTF-8 --class-path "$STOKER_HOME/api-server/target/lib/*" \
  "$STOKER_HOME/scripts/demo/Demo.java" "$API_URL/v1" "$STOKER_DATA_DIR/demo" "$input" $on_terminal
status=$?
say ""
[ $status -le 128 ] || say "Interrupted; the batch goes on. Cancel it: curl -X POST $API_URL/v1/batches/BATCH/cancel"
say "Stoker keeps running at $API_URL; stop it with scripts/stop-all.sh"
exit $status
