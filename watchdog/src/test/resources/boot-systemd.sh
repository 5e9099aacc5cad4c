#!/usr/bin/env bash
# Boots a systemd as the first process of namespaces of its own, on a throw-away layer above this machine's
# root directory. Nothing outside is written but an empty control group, which the caller removes.
#   boot-systemd.sh DIRECTORY HOME GROUP
# DIRECTORY is empty and becomes the layer; HOME is seen read-only at /opt/stoker; GROUP names the control group.
set -eu
export LAYER=$1 HOME_SEEN=$2
group=$3

# Within a group of its own systemd does not take the machine's root group for its own.
HIERARCHIES=
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
  [ -w "$hierarchy/cgroup.procs" ] && ! [ -L "$hierarchy" ] || continue
  mountpoint -q "$hierarchy" || continue
  mkdir -p "$hierarchy/$group"
  for share in cpuset.cpus cpuset.mems; do
    [ ! -e "$hierarchy/$share" ] || [ ! -w "$hierarchy/$group/$share" ] || cat "$hierarchy/$share" >"$hierarchy/$group/$share"
  done
  echo $$ >"$hierarchy/$group/cgroup.procs"
  HIERARCHIES="$HIERARCHIES $hierarchy"
done
export HIERARCHIES

boot() {
  mount --make-rprivate /
  mount -t tmpfs tmpfs "$LAYER"
  mkdir "$LAYER/upper" "$LAYER/work" "$LAYER/root"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$LAYER/upper,workdir=$LAYER/work" "$LAYER/root"
  cd "$LAYER/root"
  mkdir -p opt/stoker mnt
  mount --rbind -o ro "$HOME_SEEN" opt/stoker
  mount -o remount,bind,ro opt/stoker
  mount -t proc proc proc
  mount -t sysfs -o ro sysfs sys
  local directory node
  for directory in run tmp dev var/log; do mount -t tmpfs tmpfs "$directory"; done
  chmod 1777 tmp
  for node in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0' 'ptmx 5 2'; do
    # shellcheck disable=SC2086
    set -- $node
    mknod -m 666 "dev/$1" c "$2" "$3"
  done
  mkdir dev/pts dev/shm
  mount -t devpts devpts dev/pts
  mount -t tmpfs tmpfs dev/shm
  chmod 1777 dev/shm
  ln -s /proc/self/fd dev/fd
  groups
  ip link set lo up 2>/dev/null || true
  rm -rf etc/systemd/system/*.wants etc/systemd/system/stoker-*
  hostname stoker-systemd
  pivot_root . mnt
  umount -l /mnt
  export container=stoker
  exec /lib/systemd/systemd --system --unit=basic.target --log-target=journal --show-status=0 </dev/null
}

# The same hierarchies as outside, each with its root at our group.
groups() {
  local hierarchy name
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    return
  fi
  mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
  for hierarchy in $HIERARCHIES; do
    name=${hierarchy##*/}
    mkdir "sys/fs/cgroup/$name"
    case $name in
      unified) mount -t cgroup2 cgroup2 "sys/fs/cgroup/$name" ;;
      systemd) mount -t cgroup -o none,name=systemd cgroup "sys/fs/cgroup/$name" ;;
      *) mount -t cgroup -o "$name" cgroup "sys/fs/cgroup/$name" ;;
    esac
  done
}

export -f boot groups
exec unshare --mount --pid --fork --kill-child --cgroup --uts --ipc --net bash -euc boot
