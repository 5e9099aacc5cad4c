# Sourced by benchmarks: their options, an installation of their own, and the run of their Java source. See scripts/bench.

BENCHMARK=$(basename "$0" .sh)
BENCHMARKS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
option_names=()
declare -A option_quick option_pattern

# An option --NAME, which becomes the variable $NAME.
option() { # name default with-quick pattern
  option_names+=("$1")
  printf -v "$1" '%s' "$2"
  option_quick[$1]=$3 option_pattern[$1]=$4
}

misused() {
  printf 'stoker: %s; see scripts/bench %s --help\n' "$1" "$BENCHMARK" >&2
  exit 2
}

# Reads the options; the help text comes from the standard input.
read_options() { # argument...
  local name given=() quick=no
  case "${1:-}" in --help | -h)
    printf 'Usage: scripts/bench %s [--quick]' "$BENCHMARK"
    for name in "${option_names[@]}"; do printf ' [--%s %s]' "$name" "${!name:-...}"; done
    printf '\n\n'
    cat
    exit 0
    ;;
  esac
  while [ $# -gt 0 ]; do
    if [ "$1" = --quick ]; then
      quick=yes
      shift
      continue
    fi
    name=${1#--}
    [ "$name" != "$1" ] && [ -n "${option_pattern[$name]+set}" ] || misused "unknown option $1"
    [[ ${2:-} =~ ^(${option_pattern[$name]})$ ]] || misused "--$name is to match ${option_pattern[$name]}"
    given+=("$name")
    printf -v "$name" '%s' "$2"
    shift 2
  done
  if [ $quick = yes ]; then
    export BENCH_QUICK=yes
    for name in "${option_names[@]}"; do
      [[ " ${given[*]} " = *" $name "* ]] || printf -v "$name" '%s' "${option_quick[$name]}"
    done
  fi
  prepare
}

free_port() { # low high
  local port
  while port=$((RANDOM % ($2 - $1) + $1)) && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

clean_up() {
  local status=$?
  trap - EXIT INT TERM HUP
  ! declare -F end_extras >/dev/null || end_extras
  end_installation || status=1
  if [ $status = 0 ]; then rm -rf "$directory"; else say "logs and data are left in $directory"; fi
  exit $status
}

# Everything of an installation of its own but the start. Sets $directory for files of the benchmark.
prepare() {
  local variable
  # What the environment says of another installation does not count here, but for the tools it names.
  for variable in $(compgen -e STOKER_); do
    [[ $variable =~ ^STOKER_(JAVA_HOME|SKIP_BUILD)$ ]] && continue
    printf '%s is set, and counts for nothing here\n' "$variable" >&2
    unset "$variable"
  done
  directory=$(mktemp -d "${TMPDIR:-/tmp}/stoker-bench.XXXXXX") || exit 1
  export STOKER_ENV_FILE=/dev/null SENTRY_DSN='' STOKER_DATA_DIR=$directory/data STOKER_LOG_DIR=$directory/logs
  STOKER_API_PORT=$(free_port 20000 25000) STOKER_DATABASE_PORT=$(free_port 25000 30000)
  export STOKER_API_PORT STOKER_DATABASE_PORT
  # Large files, as an operator allows them who has such.
  export STOKER_BATCH_LINES_MAX=1000000 STOKER_UPLOAD_BYTES_MAX=20000000000
  . "$BENCHMARKS/../common.sh"
  use_jdk

  BENCH_HISTORY=$STOKER_HOME/logs/bench/history.jsonl
  BENCH_COMMIT=$(git -C "$STOKER_HOME" describe --always --dirty=+ --exclude '*' 2>/dev/null || true)
  export BENCH_HISTORY BENCH_COMMIT BENCH_API=$API_URL BENCH_DIRECTORY=$directory
  mkdir -p "${BENCH_HISTORY%/*}" "$STOKER_LOG_DIR"
  CLIENT_JVM=(-Xmx1g)
  # Beside the sources and what the api-server has: a benchmark may put more before it.
  CLIENT_CLASSES=$STOKER_HOME/api-server/target/lib/*:$STOKER_HOME/worker/target/lib/*
  trap clean_up EXIT
  trap 'exit 130' INT TERM HUP
}

INSTALLED=no
start_installation() {
  [ $INSTALLED = yes ] || say "Starting an installation in $directory ..."
  INSTALLED=yes
  "$STOKER_HOME/scripts/start-all.sh" >>"$directory/scripts.log" 2>&1 || { tail -n 20 "$directory/scripts.log"; exit 1; }
  # What a start learns is part of what is installed: wait for it, as a user has who started yesterday.
  while running_pid learn >/dev/null; do sleep 1; done
}

end_installation() {
  [ $INSTALLED = no ] || "$STOKER_HOME/scripts/stop-all.sh" >>"$directory/scripts.log" 2>&1
}

# Starts a running installation again, with these lines added to its database's configuration.
reconfigure_database() { # line...
  end_installation
  printf '%s\n' "$@" >>"$STOKER_DATA_DIR/postgres/postgresql.auto.conf"
  start_installation
}

run_source() { # Name argument...
  local source=$1
  shift
  "$JAVA_HOME/bin/java" "${CLIENT_JVM[@]}" --class-path "$CLIENT_CLASSES" "$BENCHMARKS/$source.java" "$@"
}

# Runs a benchmark's Java source; its exit status says whether all was right.
measure() { # Name argument...
  local status
  run_source "$@"
  status=$?
  draw_chart
  return $status
}

draw_chart() {
  [ ! -s "$BENCH_HISTORY" ] || run_source Chart "$BENCH_HISTORY" "${BENCH_HISTORY%.jsonl}.svg"
}
