/* Preloaded: a file system without locks, links and fsync, as some network drives and shared folders are. */
#include <errno.h>
#include <sys/file.h>
#include <unistd.h>

static int refuse(int error) {
    errno = error;
    return -1;
}

int flock(int file, int operation) { return (void)file, (void)operation, refuse(ENOTSUP); }
int link(const char *from, const char *to) { return (void)from, (void)to, refuse(EPERM); }
int linkat(int a, const char *from, int b, const char *to, int flags) {
    return (void)a, (void)from, (void)b, (void)to, (void)flags, refuse(EPERM);
}
int symlink(const char *from, const char *to) { return (void)from, (void)to, refuse(EPERM); }
int symlinkat(const char *from, int folder, const char *to) { return (void)from, (void)folder, (void)to, refuse(EPERM); }
int fsync(int file) { return (void)file, refuse(EINVAL); }
