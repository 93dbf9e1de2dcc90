#!/bin/bash
# Installs Neovim and Helix for the tests into DIR (default: target/editors), without touching the system:
# a private apt configuration, packages unpacked into a prefix of their own with their own C library.
# Needs Debian's apt, dpkg-deb, patchelf and a C compiler. Prints the versions. Does nothing when both are there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=${1:-$here/../../target/editors}
mkdir -p "$root/bin"
root=$(cd "$root" && pwd)
suite=forky

if "$root/bin/nvim" --version >/dev/null 2>&1 && "$root/bin/hx" --version >/dev/null 2>&1; then
  "$root/bin/nvim" --version | head -1
  "$root/bin/hx" --version
  exit 0
fi

command -v patchelf >/dev/null || { apt-get update -qq && apt-get install -y -qq patchelf >/dev/null; }
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -1)
apt=$root/apt
mkdir -p "$apt"/etc/apt/{sources.list.d,preferences.d,apt.conf.d,trusted.gpg.d} "$apt"/var/lib/apt/lists/partial \
  "$apt"/var/cache/apt/archives/partial "$apt"/var/lib/dpkg
: > "$apt/var/lib/dpkg/status"
# A mirror may hold a frozen copy whose date has passed; signatures and hashes are verified all the same.
echo "deb [check-valid-until=no signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" > "$apt/etc/apt/sources.list"
cat > "$apt/apt.conf" <<END
Dir "$apt";
Dir::State::status "$apt/var/lib/dpkg/status";
Dir::Etc "$apt/etc/apt";
APT::Architecture "amd64";
APT::Architectures {"amd64";};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
END
export APT_CONFIG=$apt/apt.conf
apt-get update -qq

# unpack PREFIX PACKAGE...: the packages with all they need, unpacked; no maintainer script runs.
unpack() {
  local prefix=$1; shift
  rm -f "$apt"/var/cache/apt/archives/*.deb
  apt-get -y -qq --no-install-recommends --download-only install "$@" >/dev/null
  mkdir -p "$prefix"
  for deb in "$apt"/var/cache/apt/archives/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$prefix"; done
}

# own_libc PREFIX PROGRAM: makes the program use the prefix's C library.
own_libc() {
  patchelf --set-interpreter "$1/usr/lib64/ld-linux-x86-64.so.2" --set-rpath "$1/usr/lib/x86_64-linux-gnu" --force-rpath "$2"
}

unpack "$root/helix" hx
own_libc "$root/helix" "$root/helix/usr/bin/hx"
printf '#!/bin/bash\nexport HELIX_RUNTIME=%q\nexec %q "$@"\n' "$root/helix/usr/lib/hx/runtime" "$root/helix/usr/bin/hx" > "$root/bin/hx"

unpack "$root/neovim" neovim
own_libc "$root/neovim" "$root/neovim/usr/bin/nvim"
# Debian's package has no tree-sitter parsers, without which a markdown hover window fails.
unpack "$root/parsers" tree-sitter-markdown-src tree-sitter-markdown-inline-src tree-sitter-lua-src tree-sitter-query-src tree-sitter-vimdoc-src
mkdir -p "$root/neovim/site/parser"
for source in "$root"/parsers/usr/src/tree-sitter/{markdown,markdown_inline,lua,query,vimdoc}/*/parser/src; do
  name=$(sed 's#.*/tree-sitter/\([^/]*\)/.*#\1#' <<< "$source")
  cc -O1 -shared -fPIC -I"$source" -o "$root/neovim/site/parser/$name.so" "$source"/*.c
done
cat > "$root/bin/nvim" <<END
#!/bin/bash
export VIM=$root/neovim/usr/share/nvim VIMRUNTIME=$root/neovim/usr/share/nvim/runtime
exec $root/neovim/usr/bin/nvim --cmd "set rtp+=$root/neovim/site" "\$@"
END
chmod +x "$root"/bin/*
rm -rf "$apt" "$root/parsers"
"$root/bin/nvim" --version | head -1
"$root/bin/hx" --version
