/*
 * A file system that fails when a test says so: preloaded (LD_PRELOAD) into a server under test.
 *
 * Calls on files whose path contains FAULT_PATH are numbered from 1 across all threads and processes that share
 * FAULT_CONTROL. That file holds seven 64-bit integers of this machine's byte order, mapped by the server and written by
 * the test:
 *
 *   calls     how many calls of the wanted kinds were made so far
 *   first     the number of the first call that fails; 0: none fails
 *   last      the number of the last call that fails
 *   effect    the errno that a failing call sets, or KILL: half of a write is done, then the process is killed
 *   kinds     which calls are numbered: WRITES, SYNCS, TRUNCATES, READS, added up
 *   failed    how many calls have failed so far
 *   mapped    how many processes have mapped the file
 *
 * Every other call, and every call without the two variables, is passed on as it is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITES = 1, SYNCS = 2, TRUNCATES = 4, READS = 8 };
enum { KILL = 1000 };

struct control {
    unsigned long long calls, first, last, effect, kinds, failed, mapped;
};

static struct control *control;
static const char *fault_path;

__attribute__((constructor)) static void map_control(void)
{
    const char *file = getenv("FAULT_CONTROL"), *part = getenv("FAULT_PATH");
    if (!file || !part) return;
    /* a copy: PostgreSQL writes the title of its processes over the environment */
    fault_path = strdup(part);
    int descriptor = open(file, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) { perror(file); abort(); }
    void *map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (map == MAP_FAILED) { perror(file); abort(); }
    close(descriptor);
    control = map;
    __atomic_add_fetch(&control->mapped, 1, __ATOMIC_SEQ_CST);
}

/* The effect on a call of `kind` on `descriptor`; 0: it is to be made as usual. */
static int effect_on(int descriptor, unsigned kind)
{
    if (!control || !(__atomic_load_n(&control->kinds, __ATOMIC_SEQ_CST) & kind)) return 0;
    int saved = errno;
    char link[32], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = saved;
    if (length < 0) return 0;
    path[length] = 0;
    if (!strstr(path, fault_path)) return 0;
    unsigned long long call = __atomic_add_fetch(&control->calls, 1, __ATOMIC_SEQ_CST);
    unsigned long long first = __atomic_load_n(&control->first, __ATOMIC_SEQ_CST);
    if (!first || call < first || call > __atomic_load_n(&control->last, __ATOMIC_SEQ_CST)) return 0;
    __atomic_add_fetch(&control->failed, 1, __ATOMIC_SEQ_CST);
    return (int)__atomic_load_n(&control->effect, __ATOMIC_SEQ_CST);
}

static void killed(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* `half` is what is still done before the process is killed. */
#define INTERCEPT(result, name, kind, parameters, arguments, half) \
    result name parameters \
    { \
        REAL(name); \
        int effect = effect_on(descriptor, kind); \
        if (!effect) return real arguments; \
        if (effect == KILL) { half; killed(); } \
        errno = effect; \
        return -1; \
    }

#define HALF(call) do { ssize_t done = call; (void)done; } while (0)

INTERCEPT(ssize_t, write, WRITES, (int descriptor, const void *data, size_t size), (descriptor, data, size),
          HALF(real(descriptor, data, size / 2)))
INTERCEPT(ssize_t, pwrite, WRITES, (int descriptor, const void *data, size_t size, off_t at),
          (descriptor, data, size, at), HALF(real(descriptor, data, size / 2, at)))
INTERCEPT(ssize_t, pwrite64, WRITES, (int descriptor, const void *data, size_t size, off64_t at),
          (descriptor, data, size, at), HALF(real(descriptor, data, size / 2, at)))
INTERCEPT(ssize_t, writev, WRITES, (int descriptor, const struct iovec *parts, int count),
          (descriptor, parts, count), HALF(real(descriptor, parts, count / 2)))
INTERCEPT(ssize_t, pwritev, WRITES, (int descriptor, const struct iovec *parts, int count, off_t at),
          (descriptor, parts, count, at), HALF(real(descriptor, parts, count / 2, at)))
INTERCEPT(ssize_t, pwritev64, WRITES, (int descriptor, const struct iovec *parts, int count, off64_t at),
          (descriptor, parts, count, at), HALF(real(descriptor, parts, count / 2, at)))
INTERCEPT(int, fsync, SYNCS, (int descriptor), (descriptor), )
INTERCEPT(int, fdatasync, SYNCS, (int descriptor), (descriptor), )
INTERCEPT(int, ftruncate, TRUNCATES, (int descriptor, off_t size), (descriptor, size), )
INTERCEPT(int, ftruncate64, TRUNCATES, (int descriptor, off64_t size), (descriptor, size), )
INTERCEPT(ssize_t, pread, READS, (int descriptor, void *data, size_t size, off_t at), (descriptor, data, size, at), )
INTERCEPT(ssize_t, pread64, READS, (int descriptor, void *data, size_t size, off64_t at),
          (descriptor, data, size, at), )

/* These two return the error instead of setting it. */
int posix_fallocate(int descriptor, off_t at, off_t size)
{
    REAL(posix_fallocate);
    int effect = effect_on(descriptor, WRITES);
    if (effect == KILL) killed();
    return effect ? effect : real(descriptor, at, size);
}

int posix_fallocate64(int descriptor, off64_t at, off64_t size)
{
    REAL(posix_fallocate64);
    int effect = effect_on(descriptor, WRITES);
    if (effect == KILL) killed();
    return effect ? effect : real(descriptor, at, size);
}
