"""Names of tools and libraries in package managers, for hints on what to install."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """The name of a tool or library in the package managers of Debian, Fedora and Homebrew."""

    debian: str
    fedora: str
    brew: str

    def install(self, platform: str) -> str:
        """Return the command that installs it, for `sys.platform`.

        >>> Packages(debian="cmake", fedora="cmake", brew="cmake").install("darwin")
        '`brew install cmake`'
        """
        if platform == "darwin":
            return f"`{self.brew}`" if self.brew.startswith("xcode-select ") else f"`brew install {self.brew}`"
        if platform == "win32":
            return "with winget or vcpkg"
        if platform != "linux":
            return "with the packages of your system"
        return f"`apt install {self.debian}` (Debian, Ubuntu) or `dnf install {self.fedora}` (Fedora)"


C_COMPILER = Packages(debian="gcc", fedora="gcc", brew="xcode-select --install")
CPP_COMPILER = Packages(debian="g++", fedora="gcc-c++", brew="xcode-select --install")
OPENSSL = Packages(debian="libssl-dev pkg-config", fedora="openssl-devel pkgconf", brew="openssl@3 pkgconf")
PKG_CONFIG = Packages(debian="pkg-config", fedora="pkgconf", brew="pkgconf")
LIBRARIES = {
    "ssl": OPENSSL,
    "crypto": OPENSSL,
    "openssl": OPENSSL,
    "z": Packages(debian="zlib1g-dev", fedora="zlib-devel", brew="zlib"),
    "bz2": Packages(debian="libbz2-dev", fedora="bzip2-devel", brew="bzip2"),
    "lzma": Packages(debian="liblzma-dev", fedora="xz-devel", brew="xz"),
    "zstd": Packages(debian="libzstd-dev", fedora="libzstd-devel", brew="zstd"),
    "ffi": Packages(debian="libffi-dev", fedora="libffi-devel", brew="libffi"),
    "pq": Packages(debian="libpq-dev", fedora="libpq-devel", brew="libpq"),
    "mysqlclient": Packages(debian="libmysqlclient-dev", fedora="mysql-devel", brew="mysql-client"),
    "sqlite3": Packages(debian="libsqlite3-dev", fedora="sqlite-devel", brew="sqlite"),
    "curl": Packages(debian="libcurl4-openssl-dev", fedora="libcurl-devel", brew="curl"),
    "git2": Packages(debian="libgit2-dev", fedora="libgit2-devel", brew="libgit2"),
    "ssh2": Packages(debian="libssh2-1-dev", fedora="libssh2-devel", brew="libssh2"),
    "xml2": Packages(debian="libxml2-dev", fedora="libxml2-devel", brew="libxml2"),
    "dbus-1": Packages(debian="libdbus-1-dev", fedora="dbus-devel", brew="dbus"),
    "udev": Packages(debian="libudev-dev", fedora="systemd-devel", brew="libudev"),
    "alsa": Packages(debian="libasound2-dev", fedora="alsa-lib-devel", brew="alsa-lib"),
    "asound": Packages(debian="libasound2-dev", fedora="alsa-lib-devel", brew="alsa-lib"),
    "fontconfig": Packages(debian="libfontconfig-dev", fedora="fontconfig-devel", brew="fontconfig"),
    "freetype2": Packages(debian="libfreetype-dev", fedora="freetype-devel", brew="freetype"),
    "hdf5": Packages(debian="libhdf5-dev", fedora="hdf5-devel", brew="hdf5"),
    "openblas": Packages(debian="libopenblas-dev", fedora="openblas-devel", brew="openblas"),
    "python3": Packages(debian="python3-dev", fedora="python3-devel", brew="python"),
    "stdc++": CPP_COMPILER,
}
TOOLS = {
    "cc": C_COMPILER,
    "gcc": C_COMPILER,
    "clang": Packages(debian="clang", fedora="clang", brew="xcode-select --install"),
    "c++": CPP_COMPILER,
    "g++": CPP_COMPILER,
    "ar": Packages(debian="binutils", fedora="binutils", brew="xcode-select --install"),
    "ld": Packages(debian="binutils", fedora="binutils", brew="xcode-select --install"),
    "lld": Packages(debian="lld", fedora="lld", brew="lld"),
    "mold": Packages(debian="mold", fedora="mold", brew="mold"),
    "cmake": Packages(debian="cmake", fedora="cmake", brew="cmake"),
    "make": Packages(debian="make", fedora="make", brew="xcode-select --install"),
    "ninja": Packages(debian="ninja-build", fedora="ninja-build", brew="ninja"),
    "perl": Packages(debian="perl", fedora="perl", brew="perl"),
    "nasm": Packages(debian="nasm", fedora="nasm", brew="nasm"),
    "git": Packages(debian="git", fedora="git", brew="git"),
    "pkg-config": PKG_CONFIG,
    "protoc": Packages(debian="protobuf-compiler", fedora="protobuf-compiler", brew="protobuf"),
    "libclang": Packages(debian="libclang-dev", fedora="clang-devel", brew="llvm"),
}
