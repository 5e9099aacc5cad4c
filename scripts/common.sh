# Sourced by the other scripts: where this installation is, what it is configured to, what of it runs.

STOKER_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export STOKER_HOME

# .env holds KEY=value lines; the environment wins over it.
load_env_file() {
  local file=${STOKER_ENV_FILE:-$STOKER_HOME/.env} line key
  [ -r "$file" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    [[ $line =~ ^[[:space:]]*([A-Z][A-Z0-9_]*)=(.*)$ ]] || continue
    key=${BASH_REMATCH[1]}
    [ -n "${!key+set}" ] || export "$key=${BASH_REMATCH[2]}"
  done <"$file"
}

load_env_file
export STOKER_DATA_DIR=${STOKER_DATA_DIR:-$STOKER_HOME/.stoker}
export STOKER_LOG_DIR=${STOKER_LOG_DIR:-$STOKER_HOME/logs}
export STOKER_API_PORT=${STOKER_API_PORT:-4080}
RUN_DIR=$STOKER_DATA_DIR/run

# Where the API answers from here: what listens on every address is asked on the loopback one.
API_HOST=${STOKER_API_HOST:-127.0.0.1}
API_HOST=${API_HOST#[} API_HOST=${API_HOST%]}
case $API_HOST in
  0.0.0.0) API_HOST=127.0.0.1 ;;
  :: | 0:0:0:0:0:0:0:0) API_HOST=::1 ;;
esac
case $API_HOST in
  *:*) API_URL=http://[$API_HOST]:$STOKER_API_PORT ;;
  *) API_URL=http://$API_HOST:$STOKER_API_PORT ;;
esac

say() { printf '%s\n' "$*"; }
fail() {
  printf 'stoker: %s\n' "$*" >&2
  exit 1
}

need() { # package command...
  local package=$1 command
  shift
  for command; do
    command -v "$command" >/dev/null || fail "$command is missing: install $package"
  done
}

use_jdk() {
  JAVA_HOME=$("$STOKER_HOME/scripts/jdk25.sh") || exit 1
  export JAVA_HOME
}

# Field 22 of /proc/PID/stat: with the pid it names a process beyond doubt. Prints nothing for a process
# that is gone or only waits to be reaped.
start_ticks() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  read -ra fields <<<"${stat##*) }"
  [ "${fields[0]}" = Z ] || printf '%s' "${fields[19]}"
}

# The pid of a component that runs: its file in the run directory says "pid start-ticks".
running_pid() {
  local pid ticks
  read -r pid ticks 2>/dev/null <"$RUN_DIR/$1.pid" || return 1
  [ -n "$ticks" ] && [ "$(start_ticks "$pid")" = "$ticks" ] && printf '%s' "$pid"
}

# One start or stop of this installation at a time; the turn ends with the script. What is launched must
# not inherit it (9>&-).
take_turn() {
  need util-linux flock setsid
  mkdir -p "$RUN_DIR" || fail "cannot write to $STOKER_DATA_DIR"
  exec 9>"$RUN_DIR/start.lock"
  flock -w 300 9 || fail "another start or stop of this installation is still at work"
}

# Starts a component as a process of its own: own session, no terminal, output to its console log.
launch() { # name command...
  local name=$1 pid
  shift
  setsid "$@" </dev/null >"$STOKER_LOG_DIR/$name.console.log" 2>&1 &
  pid=$!
  printf '%s %s\n' "$pid" "$(start_ticks "$pid")" >"$RUN_DIR/$name.pid"
}

# What a JVM learnt of an earlier start is of use until a jar is newer: the JVM itself does not always
# notice, and would run what is no longer there.
is_current() { # cache jar
  [ "$1" -nt "$2" ] && [ "$1" -nt "$JAVA_HOME/release" ] &&
    [ -z "$(find "${2%/*}/lib" -newer "$1" -print -quit)" ]
}

# Prints the option with which a JVM starts this jar from what it has learnt, if it has.
learnt_option() { # jar
  local cache=${1%.jar}.aot
  ! is_current "$cache" "$1" || printf '%s' "-XX:AOTCache=$cache"
}

# Lets the JVM remember what a start of this jar loads and links.
learn_start() { # jar option...
  local jar=$1 cache=${1%.jar}.aot new=${1%.jar}.$$.aot.new # another installation may learn too
  shift
  is_current "$cache" "$jar" && return
  "$JAVA_HOME/bin/java" "$@" -XX:AOTCacheOutput="$new" '-Xlog:aot*=off' '-Xlog:cds*=off' -jar "$jar" --rehearse &&
    mv -f "$new" "$cache"
  rm -f "$new" "$new.config"
}

WORKER_JAR=$STOKER_HOME/worker/target/worker.jar
WATCHDOG_JAR=$STOKER_HOME/watchdog/target/watchdog.jar
API_JAR=$STOKER_HOME/api-server/target/api-server.jar
# The small young generation is memory that it does not need and would touch all the same. It idles for
# days: what runs every few seconds is not worth compiling, nor its locks a look four times a second.
WATCHDOG_JVM=(-Xmx64m -Xmn4m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=20
  -XX:+UnlockDiagnosticVMOptions -XX:AsyncDeflationInterval=5000)

# A heap starts small and grows with what lives in it, rather than to save collections: little lives for long here. So
# neither the time that collections take nor what is free after marking makes it larger, and it is marked when two thirds
# of it are old; left to itself, G1 would mark without end while batches or uploads come.
# What compilers and bursts took of other memory goes back. A part of an upload is up to a megabyte: in regions of less
# than twice that, G1 would have to handle each apart.
API_JVM=(-Xmx"${STOKER_API_HEAP:-384m}" -Xms64m -XX:MaxNewSize=32m -XX:GCTimeRatio=1 -XX:MinHeapFreeRatio=10
  -XX:MaxHeapFreeRatio=30 -XX:InitiatingHeapOccupancyPercent=65 -XX:-G1UseAdaptiveIHOP -XX:G1HeapRegionSize=4m
  -XX:TrimNativeHeapInterval=5000 -XX:+UseCompactObjectHeaders)
launch_api_server() {
  local learnt
  learnt=$(learnt_option "$API_JAR")
  launch api_server "$JAVA_HOME/bin/java" "${API_JVM[@]}" -XX:+ExitOnOutOfMemoryError ${learnt:+"$learnt"} \
    '-Xlog:aot*=off' '-Xlog:cds*=off' ${STOKER_API_JAVA_OPTIONS:-} -jar "$API_JAR"
}

# A person's start does not count as one of the restarts after which the watchdog gives up.
launch_watchdog() {
  local learnt
  learnt=$(learnt_option "$WATCHDOG_JAR")
  STOKER_START_BY_HAND=true launch watchdog "$JAVA_HOME/bin/java" "${WATCHDOG_JVM[@]}" -XX:+ExitOnOutOfMemoryError \
    ${learnt:+"$learnt"} '-Xlog:aot*=off' '-Xlog:cds*=off' -jar "$WATCHDOG_JAR"
}

# Asks a component to end, waits, then insists.
end_component() { # name grace-seconds
  local pid waited=0
  pid=$(running_pid "$1") || { rm -f "$RUN_DIR/$1.pid"; return 0; }
  kill -TERM "$pid" 2>/dev/null
  while running_pid "$1" >/dev/null; do
    if [ "$waited" -ge $(($2 * 10)) ]; then
      say "  $1 (pid $pid) did not end within $2 s: killing it"
      kill -KILL "$pid" 2>/dev/null
    fi
    sleep 0.1
    waited=$((waited + 1))
    [ "$waited" -lt $(($2 * 10 + 100)) ] || { say "  $1 (pid $pid) cannot be killed"; return 1; }
  done
  rm -f "$RUN_DIR/$1.pid"
}

# STOKER_STOP_GRACE in whole seconds; written as the watchdog reads it: 30, 30s, 1m.
stop_grace_s() {
  [[ ${STOKER_STOP_GRACE:-30s} =~ ^([0-9]{1,9})(ms|s|m|h|d)?$ ]] || { echo 30; return; }
  local number=$((10#${BASH_REMATCH[1]}))
  case ${BASH_REMATCH[2]} in
    ms) echo $((number / 1000 + 1)) ;;
    m) echo $((number * 60)) ;;
    h) echo $((number * 3600)) ;;
    d) echo $((number * 86400)) ;;
    *) echo "$number" ;;
  esac
}

# The watchdog waits for its workers to drain, and needs a margin of its own.
end_watchdog() { end_component watchdog $(($(stop_grace_s) + 30)); }

# A watchdog that was killed leaves its workers running.
end_workers() {
  local file left=0
  for file in "$RUN_DIR"/worker*.pid; do
    [ -e "$file" ] || continue
    end_component "$(basename "$file" .pid)" $(($(stop_grace_s) + 10)) || left=1
  done
  return $left
}

# The body of GET $1 from the api-server, or nothing; needs no curl, and never takes longer than 10 s.
# One process to the end, so that timeout leaves none that would keep the caller's pipe open.
http_get() {
  timeout --foreground 10 bash -c '
    exec 3<>"/dev/tcp/$1/$2" && printf "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n" "$3" >&3 &&
      exec sed "1,/^\r\$/d" <&3' http_get "$API_HOST" "$STOKER_API_PORT" "$1" 2>/dev/null
}

postgres_control() {
  "$JAVA_HOME/bin/java" -Xmx128m -XX:TieredStopAtLevel=1 -cp "$STOKER_HOME/api-server/target/lib/*" \
    dev.stoker.database.PostgresControl "$1"
}

# True for the living server of this installation's cluster, not for a stranger with its number.
is_our_postgres() { # pid
  [ -n "$(start_ticks "$1")" ] && [ "$(cat "/proc/$1/comm" 2>/dev/null)" = postgres ] || return 1
  local directory
  directory=$(readlink "/proc/$1/cwd" 2>/dev/null) || return 0
  [ "$directory" = "$(readlink -f "$STOKER_DATA_DIR/postgres")" ]
}

# After mvn clean the program that controls PostgreSQL is gone, and PostgreSQL is not: then a signal does.
stop_postgres() {
  local pid waited
  if compgen -G "$STOKER_HOME/api-server/target/lib/stoker-shared*.jar" >/dev/null; then
    postgres_control stop
    return
  fi
  read -r pid 2>/dev/null <"$STOKER_DATA_DIR/postgres/postmaster.pid" || return 0
  is_our_postgres "$pid" || return 0
  kill -INT "$pid" # its fast shutdown: sessions are cut off, data is safe
  for ((waited = 0; waited < 600; waited++)); do
    is_our_postgres "$pid" || { say "PostgreSQL stopped."; return 0; }
    sleep 0.1
  done
  say "  PostgreSQL (pid $pid) did not end within 60 s"
  return 1
}
