#!/usr/bin/env bash
# Installs this installation as services of systemd, or removes them again.
set -u
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  cat <<'TXT'
Usage: sudo scripts/install-service.sh [--user NAME] [--dry-run]
       sudo scripts/install-service.sh --uninstall [--dry-run]

Writes the units of the api-server, of the watchdog and, unless STOKER_DATABASE_URL names a database, of the
embedded PostgreSQL to /etc/systemd/system, starts them, and has them start with the machine. They run as
NAME: by default who owns this directory or, if that is root, a system user named stoker, which is created.

  --dry-run    shows the units and what would be done, and does nothing
  --uninstall  stops and removes the units; data, logs and user stay

Configuration: environment or .env, as for start-all.sh; see the table in README.md.
TXT
  exit 0
fi
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need systemd systemctl
need coreutils install stat

DIRECTORY=/etc/systemd/system
user='' dry=false uninstall=false
while [ $# -gt 0 ]; do
  case $1 in
    --user) [ $# -ge 2 ] || fail "--user needs a name"; user=$2; shift ;;
    --dry-run) dry=true ;;
    --uninstall) uninstall=true ;;
    *) fail "unknown option $1; see scripts/install-service.sh --help" ;;
  esac
  shift
done

# Does something, or says what would be done.
act() {
  if [ $dry = true ]; then
    say "would run: $*"
  else
    "$@" || fail "failed: $*"
  fi
}
[ $dry = true ] || [ "$(id -u)" = 0 ] || fail "only root can do this: sudo scripts/install-service.sh"

UNITS=(stoker-watchdog.service stoker-api.service stoker-postgres.service)
if [ $uninstall = true ]; then
  for unit in "${UNITS[@]}"; do
    [ -e "$DIRECTORY/$unit" ] || continue
    act systemctl disable --now "$unit"
    act rm "$DIRECTORY/$unit"
  done
  act systemctl daemon-reload
  say "Stoker's units are removed. Its data is in $STOKER_DATA_DIR."
  exit 0
fi

for file in "$RUN_DIR"/{api_server,watchdog}.pid; do
  part=$(basename "$file" .pid)
  pid=$(running_pid "$part") && fail "$part (pid $pid) runs without systemd: scripts/stop-all.sh first"
done
for jar in api-server/target/api-server.jar worker/target/worker.jar watchdog/target/watchdog.jar; do
  [ -f "$STOKER_HOME/$jar" ] || fail "$jar is not built: scripts/start-all.sh builds; scripts/stop-all.sh then"
done

[ -n "$user" ] || user=$(stat -c %U "$STOKER_HOME")
[ "$user" != root ] || user=stoker
if ! id "$user" >/dev/null 2>&1; then
  [ "$user" = stoker ] || fail "there is no user $user"
  act useradd --system --home-dir "$STOKER_DATA_DIR" --no-create-home --shell /usr/sbin/nologin "$user"
fi
for directory in "$STOKER_DATA_DIR" "$STOKER_LOG_DIR"; do
  if [ -d "$directory" ] && [ -n "$(ls -A "$directory")" ] && [ "$(stat -c %U "$directory")" != "$user" ]; then
    fail "$directory belongs to $(stat -c %U "$directory") and is in use; give it to $user (chown -R) or name its owner with --user"
  fi
  act install -d -o "$user" -m 750 "$directory"
done

written=$(mktemp -d) || exit 1
trap 'rm -rf "$written"' EXIT
"$STOKER_HOME/scripts/stoker" init service --all --user "$user" --output-dir "$written" >/dev/null || exit 1
for unit in "${UNITS[@]}"; do
  [ -f "$written/$unit" ] || continue
  [ $dry = false ] || { say "--- $DIRECTORY/$unit"; cat "$written/$unit"; say "---"; }
  act install -m 644 "$written/$unit" "$DIRECTORY/$unit"
done
act systemctl daemon-reload
for unit in stoker-postgres.service stoker-api.service stoker-watchdog.service; do
  [ ! -f "$written/$unit" ] || act systemctl enable --now "$unit"
done
say ""
say "Stoker is a service now, of user $user; it starts with the machine."
say "  look       systemctl status stoker-api stoker-watchdog; scripts/stoker status; journalctl -u stoker-watchdog"
say "  stop       systemctl stop stoker-watchdog stoker-api      (start: the same with start)"
say "  upgrade    systemctl restart stoker-api; systemctl reload stoker-watchdog   (workers go on)"
say "  uninstall  sudo scripts/install-service.sh --uninstall"
