# SPDX-License-Identifier: LGPL-2.1-or-later
# Minimal Debian systems in folders, for scripts that root runs. To be sourced after setup.sh.

# root_folder NAME: where the one with that name is kept.
root_folder ()
{
  echo "${AIODRIVE_ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/aiodrive/roots}/$1"
}

# needs_emulator ARCH: fails for the architectures whose programs this machine runs itself.
needs_emulator ()
{
  case $(dpkg --print-architecture)-$1 in
    "$1-$1"|amd64-i386|arm64-armhf) return 1 ;;
  esac
}

# register_emulator ARCH: has the kernel run the programs of that architecture in qemu-user. It opens the emulator now
# (the flag F), so that it is found in a root too.
register_emulator ()
{
  case $1 in
    arm64) _cpu=aarch64 ;;
    armhf|armel) _cpu=arm ;;
    ppc64el) _cpu=ppc64le ;;
    *) _cpu=$1 ;;
  esac
  install_missing qemu-user-static
  _binfmt=/proc/sys/fs/binfmt_misc
  [ -e "$_binfmt/register" ] || mount -t binfmt_misc binfmt_misc "$_binfmt"
  [ -e "$_binfmt/qemu-$_cpu" ] || cat "/usr/lib/binfmt.d/qemu-$_cpu.conf" >"$_binfmt/register"
}

# make_root SUITE FOLDER PACKAGE,PACKAGE... [ARCH] [MIRROR]: unless it is there. apt refuses an old snapshot of a
# mirror, whose Release file has expired; for tests it will do.
make_root ()
{
  _arch=${4:-$(dpkg --print-architecture)}
  ! needs_emulator "$_arch" || register_emulator "$_arch"
  if [ ! -e "$2/etc/apt/apt.conf.d/old-mirror" ]; then
    install_missing debootstrap
    echo "Making a root of $1, $_arch, in $2" >&2
    rm -rf "$2"
    mkdir -p "$2"
    quietly debootstrap --variant=minbase --arch="$_arch" --include="$3" "$1" "$2" ${5:+"$5"}
    echo "$_arch" >"$2/etc/aiodrive-architecture"
    echo force-unsafe-io >"$2/etc/dpkg/dpkg.cfg.d/unsafe-io"
    echo 'Acquire::Check-Valid-Until "false"; Acquire::Check-Date "false"; Acquire::Languages "none";' >"$2/etc/apt/apt.conf.d/old-mirror"
  fi
}

# copy_sources FOLDER: the files of this checkout as they are now. What did not change keeps its time, what is not ours
# (a build) stays, so that only what changed is built again.
copy_sources ()
{
  _new=$1.new
  rm -rf "$_new"
  mkdir -p "$_new" "$1"
  git ls-files -z --cached --others --exclude-standard |
    tar --create --null --no-recursion --ignore-failed-read --files-from - |
    tar --extract --no-same-owner --touch --directory "$_new"
  (cd "$_new" && find . ! -type d) | LC_ALL=C sort >"$_new.list"
  [ ! -e "$1.list" ] || LC_ALL=C comm -13 "$_new.list" "$1.list" |
    while read -r _file; do rm -f "$1/$_file"; done
  while read -r _file; do
    if ! cmp -s "$_new/$_file" "$1/$_file" ||
        [ "$(stat --format %a "$_new/$_file")" != "$(stat --format %a "$1/$_file")" ]; then
      mkdir -p "$1/${_file%/*}"
      mv -f "$_new/$_file" "$1/$_file"
    fi
  done <"$_new.list"
  mv "$_new.list" "$1.list"
  rm -rf "$_new"
}

# in_root FOLDER COMMAND...: what it mounts goes with its namespace.
in_root ()
{
  [ ! -e /etc/resolv.conf ] || cat /etc/resolv.conf >"$1/etc/resolv.conf"
  _arch=$(cat "$1/etc/aiodrive-architecture" 2>/dev/null) || _arch=   # an older root: of this machine
  case $_arch in i386) _personality=i686 ;; *) _personality=$(uname -m) ;; esac
  setarch "$_personality" unshare --mount --propagation private sh -euc '
    root=$1
    shift
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    exec chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 CI="${CI-}" "$@"' \
    sh "$@"
}
