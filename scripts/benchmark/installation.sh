# Sourced by benchmarks: an installation of their own, which touches no other and is gone at the end.
# Sets $directory for files of the benchmark. Define end_extras first if more than Stoker has to be ended.

for variable in $(compgen -e STOKER_); do unset "$variable"; done
directory=$(mktemp -d "${TMPDIR:-/tmp}/stoker-bench.XXXXXX") || exit 1
free_port() { # low high
  local port
  while port=$((RANDOM % ($2 - $1) + $1)) && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}
export STOKER_ENV_FILE=/dev/null SENTRY_DSN='' STOKER_DATA_DIR=$directory/data STOKER_LOG_DIR=$directory/logs
STOKER_API_PORT=$(free_port 20000 25000) STOKER_DATABASE_PORT=$(free_port 25000 30000)
export STOKER_API_PORT STOKER_DATABASE_PORT
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
use_jdk
HISTORY=$STOKER_HOME/logs/bench/history.jsonl
mkdir -p "${HISTORY%/*}"

clean_up() {
  local status=$?
  trap - EXIT INT TERM HUP
  ! declare -F end_extras >/dev/null || end_extras
  "$STOKER_HOME/scripts/stop-all.sh" >>"$directory/scripts.log" 2>&1 || status=1
  if [ $status = 0 ]; then rm -rf "$directory"; else say "logs and data are left in $directory"; fi
  exit $status
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

start_installation() {
  say "Starting an installation in $directory ..."
  "$STOKER_HOME/scripts/start-all.sh" >"$directory/scripts.log" 2>&1 || { tail -n 20 "$directory/scripts.log"; exit 1; }
  # What a start learns is part of what is installed: wait for it, as a user has who started yesterday.
  while running_pid learn >/dev/null; do sleep 1; done
}
