#!/usr/bin/env bash
# Embeddings through all of Stoker against a bare loop around ONNX Runtime.
set -u
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  cat <<'TXT'
Usage: scripts/bench embed [--lines N] [--rounds N]

Computes the embeddings of N texts (default 20000) in turns, three times each:
  bare loop   all texts are known and in memory: cut into tokens, sorted by length, run in batches of one length
              through ONNX Runtime, whose size is the fastest of several; as many threads as the engine has, each
              call on one; the vectors stay in memory
  Stoker      from the first byte of the upload to the last of the downloaded output file, in an installation of
              its own: api-server, PostgreSQL, watchdog, one worker with the ONNX engine

A text is one to eight sentences of deployment/samples/sentences.jsonl, at random from a fixed seed. Both are warmed
up first. Every line must be in the output once, and its vector the same as the loop's (cosine at least 0.9999): else
the exit status is 1. The comparison is of medians; CPU time is utime + stime of each process, and says the same as
the clock where other work disturbs that. Load is the machine's load average at the end.
TXT
  exit 0
fi
lines=20000 rounds=3
while [ $# -gt 0 ]; do
  case $1 in
    --lines) lines=${2:-} ;;
    --rounds) rounds=${2:-} ;;
    *) printf 'stoker: unknown option %s; see scripts/bench embed --help\n' "$1" >&2; exit 2 ;;
  esac
  shift $(($# > 1 ? 2 : 1))
done
[[ $rounds =~ ^[1-9][0-9]?$ && $lines =~ ^[1-9][0-9]{0,4}$ && $lines -le 50000 ]] ||
  { echo "stoker: --rounds takes a number up to 99, --lines one up to 50000" >&2; exit 2; }

. "$(dirname "${BASH_SOURCE[0]}")/installation.sh"
start_installation
echo '<configuration/>' >"$directory/silent.xml" # nothing of what the libraries log
"$JAVA_HOME/bin/java" -Xmx2g --enable-native-access=ALL-UNNAMED -Dlogback.configurationFile="$directory/silent.xml" \
  --class-path "$STOKER_HOME/worker/target/lib/*:$STOKER_HOME/api-server/target/lib/*" \
  "$STOKER_HOME/scripts/benchmark/Embed.java" "$lines" "$rounds" "$(nproc)" "$API_URL/v1" "$STOKER_DATA_DIR" \
  "$directory" "$STOKER_HOME/deployment/samples/sentences.jsonl" "$HISTORY"
status=$?
say "load $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores"
exit $status
