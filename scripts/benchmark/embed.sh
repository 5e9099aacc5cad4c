#!/usr/bin/env bash
# embeddings through all of Stoker against a bare loop around ONNX Runtime
. "$(dirname "${BASH_SOURCE[0]}")/frame.sh"
option lines 20000 1000 '[1-9][0-9]{0,4}'
option rounds 3 1 '[1-9][0-9]?'
read_options "$@" <<'TXT'
Computes the embeddings of so many texts in turns, so many rounds:
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
start_installation
echo '<configuration/>' >"$directory/silent.xml" # nothing of what the libraries log
CLIENT_JVM=(-Xmx2g --enable-native-access=ALL-UNNAMED -Dlogback.configurationFile="$directory/silent.xml")
CLIENT_CLASSES=$STOKER_HOME/worker/target/lib/*:$STOKER_HOME/api-server/target/lib/*
measure Embed "$lines" "$rounds" "$(nproc)" "$STOKER_HOME/deployment/samples/sentences.jsonl"
