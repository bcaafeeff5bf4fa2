/* Limits itself, then becomes a program: launch [OPTION]... -- PROGRAM [ARGUMENT]...

   -s DESCRIPTOR       where to report a failure, as "ERRNO SUBJECT"; it closes when the program starts.
                       Without it, failures are printed
   -p PID              die with this parent, or at once if it has died
   -l KIND=SOFT:HARD   setrlimit
   -n INCREMENT        nice
   -f FILTER           a seccomp filter in hexadecimal, if the kernel has seccomp

   -r DESCRIPTOR       a Landlock ruleset; it closes when the program starts

   Options take effect in their order. On other systems than Linux, -p, -f and -r do nothing. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

enum { FAILED = 127, MAX_STEPS = 64 };

static int report_fd = -1;

static void fail(const char *subject)
{
    if (report_fd >= 0)
        dprintf(report_fd, "%d %s", errno, subject);
    else
        dprintf(STDERR_FILENO, "launch: %s: %s\n", subject, strerror(errno));
    exit(FAILED);
}

static void report_to(const char *descriptor)
{
    int fd = atoi(descriptor);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        fail(descriptor);
    report_fd = fd;
}

static void limit(const char *text)
{
    int kind;
    unsigned long long soft, hard;
    errno = EINVAL;
    if (sscanf(text, "%d=%llu:%llu", &kind, &soft, &hard) != 3)
        fail(text);
    struct rlimit bounds = {soft, hard};
    if (setrlimit(kind, &bounds) != 0)
        fail(text);
}

static void be_nice(const char *increment)
{
    errno = 0;
    if (nice(atoi(increment)) == -1 && errno != 0)
        fail(increment);
}

#ifdef __linux__
static void die_with(const char *parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != atoi(parent)) /* it died before prctl took effect */
        exit(FAILED);
}

static void install(const char *filter)
{
    struct sock_filter steps[MAX_STEPS];
    unsigned char *bytes = (unsigned char *)steps;
    size_t size = strlen(filter) / 2;
    errno = EINVAL;
    if (size > sizeof steps)
        fail(filter);
    for (size_t i = 0; i < size; i++)
        if (sscanf(filter + 2 * i, "%2hhx", &bytes[i]) != 1)
            fail(filter);
    struct sock_fprog program = {size / sizeof *steps, steps};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0 && prctl(PR_GET_SECCOMP) >= 0)
        fail(filter); /* refused by a kernel that has seccomp */
}

static void restrict_to(const char *ruleset)
{
    enum { LANDLOCK_RESTRICT_SELF = 446 }; /* the C library has no function for it */
    int fd = atoi(ruleset);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || syscall(LANDLOCK_RESTRICT_SELF, fd, 0) != 0)
        fail(ruleset);
}
#else
static void die_with(const char *parent) { (void)parent; }
static void install(const char *filter) { (void)filter; }
static void restrict_to(const char *ruleset) { (void)ruleset; }
#endif

static void follow(int option)
{
    switch (option) {
    case 's': report_to(optarg); break;
    case 'p': die_with(optarg); break;
    case 'l': limit(optarg); break;
    case 'n': be_nice(optarg); break;
    case 'f': install(optarg); break;
    case 'r': restrict_to(optarg); break;
    default:
        errno = EINVAL;
        fail("launch, built from " SOURCE_DIGEST);
    }
}

/* As Python's subprocess does: execvp would let a shell run a file that is no program. */
static void run(char **argv)
{
    const char *directory = strchr(argv[0], '/') ? "" : getenv("PATH"), *end;
    if (!directory)
        directory = "/bin:/usr/bin";
    int refusal = 0;
    do {
        char file[PATH_MAX];
        end = directory + strcspn(directory, ":");
        int length = (int)(end - directory);
        int size = snprintf(file, sizeof file, "%.*s%s%s", length, directory, length ? "/" : "", argv[0]);
        errno = ENAMETOOLONG;
        if (size < (int)sizeof file)
            execv(file, argv);
        if (errno != ENOENT && errno != ENOTDIR && !refusal)
            refusal = errno;
        directory = end + 1;
    } while (*end);
    if (refusal)
        errno = refusal;
    fail(argv[0]);
}

int main(int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "+s:p:l:n:f:r:")) != -1)
        follow(option);
    if (optind == argc)
        follow('?');
    run(argv + optind);
}
