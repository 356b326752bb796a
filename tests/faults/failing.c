/* Preloaded into a process of ours: counts its calls that write below the folder FAIL_FOLDER, and has the call number
   FAIL_POINT, or every call from there on, fail with FAIL_ERROR. Other programs that it starts are left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *folder, *log_path;
static int error_number, from_there_on, slow;
static long point, seen;

__attribute__((constructor)) static void start(void) {
    const char *text = getenv("FAIL_POINT");
    folder = getenv("FAIL_FOLDER");
    log_path = getenv("FAIL_LOG");
    if (!text || !folder || !log_path) return;
    folder = strdup(folder);
    log_path = strdup(log_path);
    point = atol(text);
    error_number = atoi(getenv("FAIL_ERROR"));
    from_there_on = getenv("FAIL_ALWAYS") != NULL;
    slow = getenv("FAIL_SLOW") != NULL;
    unsetenv("LD_PRELOAD"); /* for the programs that it starts */
}

static int below(const char *path) {
    size_t length = folder ? strlen(folder) : 0;
    return length && path && strncmp(path, folder, length) == 0 && (path[length] == '/' || !path[length]);
}

static int of_folder(int number, const char *path) {
    char link[64], place[PATH_MAX];
    ssize_t size;
    if (path && path[0] == '/') return below(path);
    if (number == AT_FDCWD) return getcwd(place, sizeof place) && below(place);
    snprintf(link, sizeof link, "/proc/self/fd/%d", number);
    size = readlink(link, place, sizeof place - 1);
    if (size < 0) return 0;
    place[size] = 0;
    return below(place);
}

/* Returns whether the call, which writes below the folder, is to fail. */
static int fails(const char *name, const char *path) {
    long number = __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
    char line[PATH_MAX + 64];
    int saved = errno, size = snprintf(line, sizeof line, "%s %s\n", name, path ? path : "");
    int log = syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (log >= 0) {
        syscall(SYS_write, log, line, size);
        syscall(SYS_close, log);
    }
    if (slow) usleep(2000);
    errno = saved;
    if (!point || number < point || (number > point && !from_there_on)) return 0;
    errno = error_number;
    return 1;
}

#define REAL(type, name, arguments) static type(*real) arguments; if (!real) real = (type(*) arguments)dlsym(RTLD_NEXT, name)
#define CHECK(name, condition, path, failure) if (folder && (condition) && fails(name, path)) return failure

ssize_t write(int number, const void *data, size_t size) {
    REAL(ssize_t, "write", (int, const void *, size_t));
    CHECK("write", of_folder(number, NULL), NULL, -1);
    return real(number, data, size);
}
ssize_t pwrite64(int number, const void *data, size_t size, off64_t at) {
    REAL(ssize_t, "pwrite64", (int, const void *, size_t, off64_t));
    CHECK("pwrite", of_folder(number, NULL), NULL, -1);
    return real(number, data, size, at);
}
ssize_t writev(int number, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", (int, const struct iovec *, int));
    CHECK("writev", of_folder(number, NULL), NULL, -1);
    return real(number, parts, count);
}
ssize_t copy_file_range(int from, off64_t *a, int to, off64_t *b, size_t size, unsigned flags) {
    REAL(ssize_t, "copy_file_range", (int, off64_t *, int, off64_t *, size_t, unsigned));
    CHECK("copy_file_range", of_folder(to, NULL), NULL, -1);
    return real(from, a, to, b, size, flags);
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t size) {
    REAL(ssize_t, "sendfile64", (int, int, off64_t *, size_t));
    CHECK("sendfile", of_folder(to, NULL), NULL, -1);
    return real(to, from, at, size);
}
int fsync(int number) {
    REAL(int, "fsync", (int));
    CHECK("fsync", of_folder(number, NULL), NULL, -1);
    return real(number);
}
int ftruncate64(int number, off64_t size) {
    REAL(int, "ftruncate64", (int, off64_t));
    CHECK("ftruncate", of_folder(number, NULL), NULL, -1);
    return real(number, size);
}
int openat64(int at, const char *path, int flags, ...) {
    REAL(int, "openat64", (int, const char *, int, mode_t));
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    CHECK("open", (flags & (O_WRONLY | O_RDWR | O_CREAT)) && of_folder(at, path), path, -1);
    return real(at, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    REAL(int, "open64", (const char *, int, mode_t));
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    CHECK("open", (flags & (O_WRONLY | O_RDWR | O_CREAT)) && of_folder(AT_FDCWD, path), path, -1);
    return real(path, flags, mode);
}
int mkdirat(int at, const char *path, mode_t mode) {
    REAL(int, "mkdirat", (int, const char *, mode_t));
    CHECK("mkdir", of_folder(at, path), path, -1);
    return real(at, path, mode);
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", (const char *, mode_t));
    CHECK("mkdir", of_folder(AT_FDCWD, path), path, -1);
    return real(path, mode);
}
int rename(const char *from, const char *to) {
    REAL(int, "rename", (const char *, const char *));
    CHECK("rename", of_folder(AT_FDCWD, to), to, -1);
    return real(from, to);
}
int renameat(int a, const char *from, int b, const char *to) {
    REAL(int, "renameat", (int, const char *, int, const char *));
    CHECK("rename", of_folder(b, to), to, -1);
    return real(a, from, b, to);
}
int unlink(const char *path) {
    REAL(int, "unlink", (const char *));
    CHECK("unlink", of_folder(AT_FDCWD, path), path, -1);
    return real(path);
}
int unlinkat(int at, const char *path, int flags) {
    REAL(int, "unlinkat", (int, const char *, int));
    CHECK("unlink", of_folder(at, path), path, -1);
    return real(at, path, flags);
}
int rmdir(const char *path) {
    REAL(int, "rmdir", (const char *));
    CHECK("rmdir", of_folder(AT_FDCWD, path), path, -1);
    return real(path);
}
int link(const char *from, const char *to) {
    REAL(int, "link", (const char *, const char *));
    CHECK("link", of_folder(AT_FDCWD, to), to, -1);
    return real(from, to);
}
int linkat(int a, const char *from, int b, const char *to, int flags) {
    REAL(int, "linkat", (int, const char *, int, const char *, int));
    CHECK("link", of_folder(b, to), to, -1);
    return real(a, from, b, to, flags);
}
int symlink(const char *from, const char *to) {
    REAL(int, "symlink", (const char *, const char *));
    CHECK("symlink", of_folder(AT_FDCWD, to), to, -1);
    return real(from, to);
}
int chmod(const char *path, mode_t mode) {
    REAL(int, "chmod", (const char *, mode_t));
    CHECK("chmod", of_folder(AT_FDCWD, path), path, -1);
    return real(path, mode);
}
int fchmod(int number, mode_t mode) {
    REAL(int, "fchmod", (int, mode_t));
    CHECK("fchmod", of_folder(number, NULL), NULL, -1);
    return real(number, mode);
}
int utimensat(int at, const char *path, const struct timespec times[2], int flags) {
    REAL(int, "utimensat", (int, const char *, const struct timespec *, int));
    CHECK("utime", of_folder(at, path), path, -1);
    return real(at, path, times, flags);
}
