#!/usr/bin/env bash
# What systemd runs after the watchdog has ended, however it ended (ExecStopPost). A watchdog that was
# stopped, or could not be in time, leaves no worker; after any other end its workers go on and are adopted.
set -u

# A watchdog that hangs while it is being stopped may run into systemd's patience with its loop first.
being_stopped() {
  local job
  job=$(timeout 5 systemctl show stoker-watchdog.service -p Job --value 2>/dev/null)
  [ -n "$job" ] && [ "$job" != 0 ]
}

case ${SERVICE_RESULT:-} in
  success | timeout) ;;
  watchdog) being_stopped || exit 0 ;;
  *) exit 0 ;;
esac

# The control group of the service: systemd runs this script in one below it.
service_group() { # hierarchy
  local line
  while IFS= read -r line; do
    [[ $line == *":$1:"* ]] || continue
    line=${line#*":$1:"}
    line=${line%/.control}
    # Never that of a login session, should a person run this.
    [[ $line == *.service ]] && printf '%s' "$line"
  done </proc/self/cgroup
}

groups_of() {
  local unified named
  unified=$(service_group '')
  named=$(service_group name=systemd)
  [ -z "$unified" ] || printf '%s\n' "/sys/fs/cgroup$unified" "/sys/fs/cgroup/unified$unified"
  [ -z "$named" ] || printf '%s\n' "/sys/fs/cgroup/systemd$named"
}

# Every process of the service but those of this script.
left() { # group
  find "$1" -name cgroup.procs -not -path '*/.control/*' -exec cat {} + 2>/dev/null | while read -r pid; do
    [ "$pid" = 0 ] || [ "$pid" = $$ ] || [ "$pid" = "$BASHPID" ] || [ "$pid" = "$PPID" ] || printf '%s\n' "$pid"
  done
}

for ((tries = 0; tries < 100; tries++)); do
  none=true
  while IFS= read -r group; do
    [ -d "$group" ] || continue
    pids=$(left "$group")
    [ -n "$pids" ] || continue
    none=false
    for kill in "$group"/*/cgroup.kill; do
      [[ $kill == */.control/* ]] || { [ -w "$kill" ] && echo 1 >"$kill"; }
    done 2>/dev/null
    # Nobody can take the pid meanwhile whom the kernel would let us hurt: they are of this user.
    xargs -r kill -KILL <<<"$pids" 2>/dev/null
  done < <(groups_of)
  [ $none = false ] || exit 0
  sleep 0.1
done
echo "stoker: workers are left that cannot be killed" >&2
exit 1
