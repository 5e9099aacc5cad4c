#!/usr/bin/env bash
# 200 MB of results, against a static file and COPY TO STDOUT
. "$(dirname "${BASH_SOURCE[0]}")/frame.sh"
option megabytes 200 40 '[1-9][0-9]{0,4}'
option rounds 5 2 '[1-9][0-9]?'
read_options "$@" <<'TXT'
Has a batch answered by the null engine, whose results, of about 800 bytes each, make an output file of that size. Then
so many rounds, in turn, after one of each that is not counted:
  static   the same bytes as a static file from the api-server's web server (Tomcat, its default servlet, on the same
           JDK; the api-server itself serves no static files), from the page cache
  copy     COPY TO STDOUT of a table with the same lines, one a row, by PostgreSQL's JDBC driver
  stoker   GET /v1/files/ID/content of the output file

The client, which throws the bytes away, is the same for static and stoker. To reach: 0.8 of the slower of the two,
in the median of the rounds. The output file is compared with the input: a custom_id that is missing, or not in the
order of the input, makes the exit status 1.
TXT
export STOKER_ENGINE=null
STATIC=''
end_extras() {
  [ -n "$STATIC" ] || return 0
  kill -TERM "$STATIC" 2>/dev/null
  wait "$STATIC" 2>/dev/null
}
start_installation
static_port=$(free_port 30000 32000)
mkdir "$directory/static"
"$JAVA_HOME/bin/java" -Xmx384m --class-path "$CLIENT_CLASSES" "$BENCHMARKS/StaticFiles.java" \
  "$static_port" "$directory/static" >>"$directory/scripts.log" 2>&1 &
STATIC=$!
measure Download "$megabytes" "$rounds" "http://127.0.0.1:$static_port/" "$directory/static"
