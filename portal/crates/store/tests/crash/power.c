/* Logs what a program does to the files below $POWER_ROOT, in the order in which it happened, so that a
 * loss of power can be played at any place of it. Preloaded into a child of the tests.
 *
 * A record: kind (1), length of the path (4), length of the data (8), offset (8), path, data;
 * numbers little-endian. Kinds: w write, t truncate (offset: new length), s sync, c create, u unlink,
 * r rename (data: new path), d make a directory. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FDS 4096
static char *paths[FDS];
static int appends[FDS];
static int log_fd = -1;
static const char *root;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)

static ssize_t plain_write(int fd, const void *data, size_t len) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    return real(fd, data, len);
}

__attribute__((constructor)) static void start(void) {
    const char *log = getenv("POWER_LOG");
    root = getenv("POWER_ROOT");
    if (!log || !root) return;
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    log_fd = real(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int watched(const char *path) {
    return log_fd >= 0 && path && strncmp(path, root, strlen(root)) == 0;
}

static void put(const void *data, size_t len) {
    const char *at = data;
    while (len) {
        ssize_t n = plain_write(log_fd, at, len);
        if (n <= 0) abort();
        at += n;
        len -= (size_t)n;
    }
}

static void record(char kind, const char *path, uint64_t offset, const void *data, uint64_t len) {
    char head[21];
    uint32_t path_len = (uint32_t)strlen(path);
    head[0] = kind;
    memcpy(head + 1, &path_len, 4);
    memcpy(head + 5, &len, 8);
    memcpy(head + 13, &offset, 8);
    put(head, sizeof head);
    put(path, path_len);
    if (len) put(data, len);
}

static const char *path_of(int fd) { return fd >= 0 && fd < FDS ? paths[fd] : NULL; }

static int opened(int fd, const char *path, int flags, int existed) {
    if (fd < 0 || fd >= FDS || !watched(path)) return fd;
    free(paths[fd]);
    paths[fd] = strdup(path);
    appends[fd] = (flags & O_APPEND) != 0;
    if (!existed) record('c', path, 0, NULL, 0);
    if (flags & O_TRUNC) record('t', path, 0, NULL, 0);
    return fd;
}

#define OPEN(name)                                                        \
    int name(const char *path, int flags, ...) {                          \
        REAL(name);                                                       \
        va_list rest;                                                     \
        va_start(rest, flags);                                            \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                     \
        if (!watched(path)) return real(path, flags, mode);               \
        pthread_mutex_lock(&mutex);                                       \
        int existed = access(path, F_OK) == 0;                            \
        int fd = opened(real(path, flags, mode), path, flags, existed);   \
        pthread_mutex_unlock(&mutex);                                     \
        return fd;                                                        \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    REAL(close);
    pthread_mutex_lock(&mutex);
    if (path_of(fd)) {
        free(paths[fd]);
        paths[fd] = NULL;
    }
    int result = real(fd);
    pthread_mutex_unlock(&mutex);
    return result;
}

ssize_t write(int fd, const void *data, size_t len) {
    const char *path = path_of(fd);
    if (!path) return plain_write(fd, data, len);
    pthread_mutex_lock(&mutex);
    off_t at = lseek(fd, 0, appends[fd] ? SEEK_END : SEEK_CUR);
    ssize_t n = plain_write(fd, data, len);
    if (n > 0) record('w', path, (uint64_t)at, data, (uint64_t)n);
    pthread_mutex_unlock(&mutex);
    return n;
}

#define PWRITE(name)                                                      \
    ssize_t name(int fd, const void *data, size_t len, off_t at) {        \
        REAL(name);                                                       \
        const char *path = path_of(fd);                                   \
        if (!path) return real(fd, data, len, at);                        \
        pthread_mutex_lock(&mutex);                                       \
        ssize_t n = real(fd, data, len, at);                              \
        if (n > 0) record('w', path, (uint64_t)at, data, (uint64_t)n);    \
        pthread_mutex_unlock(&mutex);                                     \
        return n;                                                         \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define TRUNCATE(name)                                                    \
    int name(int fd, off_t len) {                                         \
        REAL(name);                                                       \
        const char *path = path_of(fd);                                   \
        if (!path) return real(fd, len);                                  \
        pthread_mutex_lock(&mutex);                                       \
        int result = real(fd, len);                                       \
        if (result == 0) record('t', path, (uint64_t)len, NULL, 0);       \
        pthread_mutex_unlock(&mutex);                                     \
        return result;                                                    \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define SYNC(name)                                                        \
    int name(int fd) {                                                    \
        REAL(name);                                                       \
        const char *path = path_of(fd);                                   \
        if (!path) return real(fd);                                       \
        pthread_mutex_lock(&mutex);                                       \
        int result = real(fd);                                            \
        if (result == 0) record('s', path, 0, NULL, 0);                   \
        pthread_mutex_unlock(&mutex);                                     \
        return result;                                                    \
    }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path) {
    REAL(unlink);
    if (!watched(path)) return real(path);
    pthread_mutex_lock(&mutex);
    int result = real(path);
    if (result == 0) record('u', path, 0, NULL, 0);
    pthread_mutex_unlock(&mutex);
    return result;
}

int rename(const char *from, const char *to) {
    REAL(rename);
    if (!watched(from)) return real(from, to);
    pthread_mutex_lock(&mutex);
    int result = real(from, to);
    if (result == 0) record('r', from, 0, to, strlen(to));
    pthread_mutex_unlock(&mutex);
    return result;
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    if (!watched(path)) return real(path, mode);
    pthread_mutex_lock(&mutex);
    int result = real(path, mode);
    if (result == 0) record('d', path, 0, NULL, 0);
    pthread_mutex_unlock(&mutex);
    return result;
}
