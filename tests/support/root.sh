# SPDX-License-Identifier: LGPL-2.1-or-later
# Minimal Debian systems in folders, for scripts that root runs. To be sourced after setup.sh.

# root_folder NAME: where the one with that name is kept.
root_folder ()
{
  echo "${AIODRIVE_ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/aiodrive/roots}/$1"
}

# make_root SUITE FOLDER PACKAGE,PACKAGE...: unless it is there. Tests accept an old snapshot of a mirror, which apt
# refuses once its Release file has expired.
make_root ()
{
  if [ ! -x "$2/usr/bin/apt-get" ]; then
    install_missing debootstrap
    echo "Making a root of $1 in $2" >&2
    mkdir -p "$2"
    quietly debootstrap --variant=minbase --include="$3" "$1" "$2"
  fi
  echo 'Acquire::Check-Valid-Until "false";' >"$2/etc/apt/apt.conf.d/old-mirror"
}

# in_root FOLDER COMMAND...: what it mounts goes with its namespace.
in_root ()
{
  [ ! -e /etc/resolv.conf ] || cat /etc/resolv.conf >"$1/etc/resolv.conf"
  unshare --mount --propagation private sh -euc '
    root=$1
    shift
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    exec chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 CI="${CI-}" "$@"' \
    sh "$@"
}
