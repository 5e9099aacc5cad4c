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
API_URL=http://127.0.0.1:$STOKER_API_PORT

say() { printf '%s\n' "$*"; }
fail() {
  printf 'stoker: %s\n' "$*" >&2
  exit 1
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

# Starts a component as a process of its own: own session, no terminal, output to its console log.
launch() { # name command...
  local name=$1 pid
  shift
  setsid "$@" </dev/null >"$STOKER_LOG_DIR/$name.console.log" 2>&1 &
  pid=$!
  printf '%s %s\n' "$pid" "$(start_ticks "$pid")" >"$RUN_DIR/$name.pid"
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

# The body of GET $1 from the api-server, or nothing; needs no curl.
http_get() {
  local line
  {
    exec 3<>"/dev/tcp/127.0.0.1/$STOKER_API_PORT" || return 1
    printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$1" >&3
    while IFS= read -r -t 5 line <&3 && [ "$line" != $'\r' ]; do :; done
    cat <&3
    exec 3>&-
  } 2>/dev/null
}

postgres_control() {
  "$JAVA_HOME/bin/java" -Xmx128m -XX:TieredStopAtLevel=1 -cp "$STOKER_HOME/api-server/target/lib/*" \
    dev.stoker.database.PostgresControl "$1"
}
