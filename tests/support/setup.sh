# SPDX-License-Identifier: LGPL-2.1-or-later
# For the scripts that a user runs: what is missing is installed, and what is built is built quietly. To be sourced.

BUILD_PACKAGES='gcc libc6-dev meson ninja-build pkgconf libglib2.0-dev'

# quietly COMMAND...: shows what the command says only if it fails; of one that takes longer, its last line now and then.
quietly ()
{
  _log=$(mktemp) || return
  _status=0
  while sleep 15 </dev/null >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
    tail -n 1 "$_log" 2>/dev/null | tr '\r\t' '  ' | cut -c 1-120 >&2
  done &
  _reporter=$!
  "$@" >"$_log" 2>&1 || _status=$?
  kill "$_reporter"
  wait "$_reporter" 2>/dev/null || true
  [ "$_status" -eq 0 ] || cat "$_log" >&2
  rm -f "$_log"
  return "$_status"
}

as_root ()
{
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# install_missing PACKAGE...: nothing is asked of the network if nothing is missing. Where there is no apt, it is for
# meson to say what it did not find.
install_missing ()
{
  command -v apt-get >/dev/null || return 0
  _missing=
  for _package; do
    dpkg-query --show --showformat '${db:Status-Status}\n' "$_package" 2>/dev/null | grep -qx installed ||
      _missing="$_missing $_package"
  done
  [ -n "$_missing" ] || return 0

  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    echo "Please install, as root:$_missing" >&2
    return 1
  fi
  echo "Installing$_missing" >&2
  # of several sources one may be out of reach without harm
  quietly as_root apt-get -q update || true
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 \
    install --no-install-recommends $_missing
}

# configure DIRECTORY OPTION...: also where it was configured with other options before.
configure ()
{
  _dir=$1
  shift
  echo "Configuring $_dir" >&2
  if [ -f "$_dir/build.ninja" ]; then
    quietly meson configure "$_dir" "$@"
  else
    quietly meson setup "$_dir" "$@"
  fi
}

# build DIRECTORY [TARGET...]
build ()
{
  echo "Building $1" >&2
  _dir=$1
  shift
  quietly ninja -C "$_dir" "$@"
}
