/* SPDX-License-Identifier: Apache-2.0 */
/* Processes, pipes and deadlines.  Knows the frame of a message, not what steps
 * mean. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "measure/link.h"
#include "measure/protocol.h"
#include "measure/worker.h"

enum { LINE_LIMIT = 1 << 26 }; /* bytes of one reply */

struct link {
    struct worker *local; /* without isolation; the rest is then unused */
    pid_t pid;
    int requests, replies; /* our ends of the pipes */
    double timeout_s;
    json_int_t next_id;
    bool dead;
    char *line; /* received and not yet used */
    size_t length, capacity;
};

extern char **environ;

static volatile sig_atomic_t caught_signal;

static void note_signal(int number)
{
    caught_signal = number;
}

void link_catch_signals(void)
{
    /* A second signal ends the program at once, as when a step without isolation
     * hangs. */
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    action.sa_flags = 0;
    sigaction(SIGPIPE, &action, NULL);
}

int link_interrupted(void)
{
    return caught_signal;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static enum hcb_status explain(char *reason, enum hcb_status status, const char *text)
{
    snprintf(reason, HCB_REASON_SIZE, "%s", text);
    return status;
}

/* ---------------------------------------------------------------- processes */

/* Our variables, without those that `extra` sets anew, and then `extra`. */
static char **merge_environment(const char *const *extra)
{
    size_t count = 0, kept = 0, extras = 0;
    while (environ[count] != NULL)
        count++;
    while (extra != NULL && extra[extras] != NULL)
        extras++;
    char **merged = calloc(count + extras + 1, sizeof *merged);
    if (merged == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        bool replaced = false;
        for (size_t j = 0; j < extras; j++) {
            const size_t name = strcspn(extra[j], "=") + 1;
            replaced = replaced || strncmp(environ[i], extra[j], name) == 0;
        }
        if (!replaced)
            merged[kept++] = environ[i];
    }
    for (size_t j = 0; j < extras; j++)
        merged[kept++] = (char *)extra[j];
    return merged;
}

/* A pipe whose ends no other child inherits and that do not collide with the
 * descriptors that the worker talks through. */
static bool high_pipe(int ends[2])
{
    int low[2];
    if (pipe(low) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 10);
        close(low[i]);
    }
    return ends[0] >= 0 && ends[1] >= 0;
}

static bool own_program(char *path, size_t size)
{
    const ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length <= 0)
        return false;
    path[length] = '\0';
    return true;
}

/* In a process group of its own, so that Ctrl-C reaches the conductor only and
 * whatever a driver started dies with it. */
static int spawn_worker(int requests, int replies, const char *const *extra, pid_t *pid)
{
    char path[4096];
    char *arguments[] = {(char *)"hcbench", (char *)"worker", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    char **merged = merge_environment(extra);
    if (merged == NULL || !own_program(path, sizeof path)) {
        free(merged);
        return ENOENT;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, requests, WORKER_REQUESTS);
    posix_spawn_file_actions_adddup2(&actions, replies, WORKER_REPLIES);
    posix_spawnattr_init(&attributes);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    const int error = posix_spawn(pid, path, &actions, &attributes, arguments, merged);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(merged);
    return error;
}

/* Ends what is left of the worker's process group and reaps it. */
static void kill_worker(struct link *link)
{
    if (link->pid <= 0)
        return;
    kill(-link->pid, SIGKILL);
    kill(link->pid, SIGKILL);
    while (waitpid(link->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    link->pid = 0;
}

/* Waits up to `seconds` for the worker to end by itself. */
static bool wait_worker(struct link *link, double seconds, int *status)
{
    const double deadline = now_s() + seconds;
    while (link->pid > 0) {
        const pid_t ended = waitpid(link->pid, status, WNOHANG);
        if (ended == link->pid) {
            kill(-link->pid, SIGKILL); /* children that a driver left behind */
            link->pid = 0;
            return true;
        }
        if ((ended < 0 && errno != EINTR) || now_s() > deadline)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 2 * 1000 * 1000}, NULL);
    }
    return false;
}

static const char *signal_name(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {{SIGSEGV, "SIGSEGV"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},
                 {SIGILL, "SIGILL"},   {SIGKILL, "SIGKILL"}, {SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"},
                 {SIGHUP, "SIGHUP"},   {SIGQUIT, "SIGQUIT"}, {SIGTRAP, "SIGTRAP"}, {SIGSYS, "SIGSYS"},
                 {SIGXCPU, "SIGXCPU"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number)
            return names[i].name;
    return "an unnamed signal";
}

/* The worker has closed its end: say how it died. */
static enum hcb_status bury(struct link *link, const char *step, char *reason)
{
    int status = 0;
    link->dead = true;
    if (!wait_worker(link, 2, &status)) {
        kill_worker(link);
        snprintf(reason, HCB_REASON_SIZE, "the worker closed its pipe in step '%s'", step);
    } else if (WIFSIGNALED(status)) {
        snprintf(reason, HCB_REASON_SIZE, "the worker died of %s in step '%s'",
                 signal_name(WTERMSIG(status)), step);
    } else {
        snprintf(reason, HCB_REASON_SIZE, "the worker exited with status %d in step '%s'",
                 WEXITSTATUS(status), step);
    }
    return HCB_CRASHED;
}

/* ----------------------------------------------------------------- messages */

/* Returns HCB_OK when `events` is ready, HCB_TIMEOUT, or HCB_SKIPPED. */
static enum hcb_status wait_for(int file, short events, double deadline)
{
    for (;;) {
        struct pollfd wanted = {.fd = file, .events = events};
        const double left = deadline - now_s();
        if (link_interrupted() != 0)
            return HCB_SKIPPED;
        if (left <= 0)
            return HCB_TIMEOUT;
        /* In short naps: a signal just before poll must not be slept through. */
        const int ready = poll(&wanted, 1, left < 0.1 ? (int)(left * 1000) + 1 : 100);
        if (ready > 0)
            return HCB_OK;
    }
}

static enum hcb_status send_line(struct link *link, const char *text, double deadline)
{
    size_t length = strlen(text), sent = 0;
    while (sent < length) {
        enum hcb_status status = wait_for(link->requests, POLLOUT, deadline);
        if (status != HCB_OK)
            return status;
        const ssize_t count = write(link->requests, text + sent, length - sent);
        if (count < 0 && errno != EINTR && errno != EAGAIN)
            return HCB_CRASHED;
        sent += count > 0 ? (size_t)count : 0;
    }
    return HCB_OK;
}

static bool make_room(struct link *link)
{
    enum { STEP = 1 << 16 };
    if (link->capacity - link->length > STEP)
        return true;
    const size_t capacity = 2 * link->capacity + 2 * STEP;
    char *larger = capacity > LINE_LIMIT ? NULL : realloc(link->line, capacity);
    if (larger == NULL)
        return false;
    link->line = larger;
    link->capacity = capacity;
    return true;
}

/* Leaves one line, NUL-terminated, in link->line. */
static enum hcb_status receive_line(struct link *link, double deadline)
{
    link->length = 0;
    for (;;) {
        enum hcb_status status = wait_for(link->replies, POLLIN, deadline);
        if (status != HCB_OK)
            return status;
        if (!make_room(link))
            return HCB_ERROR;
        const ssize_t count =
            read(link->replies, link->line + link->length, link->capacity - link->length - 1);
        if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN))
            return HCB_CRASHED;
        link->length += count > 0 ? (size_t)count : 0;
        link->line[link->length] = '\0';
        if (link->length > 0 && link->line[link->length - 1] == '\n')
            return HCB_OK;
    }
}

/* Sends and receives over the pipes. */
static enum hcb_status exchange(struct link *link, const char *step, const json_t *request,
                                json_t **reply, char *reason)
{
    const double deadline = now_s() + link->timeout_s;
    char *text = json_dumps(request, JSON_COMPACT);
    char *line = text != NULL ? realloc(text, strlen(text) + 2) : NULL;
    if (line == NULL) {
        free(text);
        return explain(reason, HCB_ERROR, "out of memory for a request");
    }
    strcat(line, "\n");
    enum hcb_status status = send_line(link, line, deadline);
    free(line);
    if (status == HCB_OK)
        status = receive_line(link, deadline);
    if (status == HCB_CRASHED)
        return bury(link, step, reason);
    if (status != HCB_OK) {
        kill_worker(link);
        link->dead = true;
        snprintf(reason, HCB_REASON_SIZE,
                 status == HCB_TIMEOUT ? "step '%s' took longer than %g s" : "stopped in step '%s'", step,
                 link->timeout_s);
        return status == HCB_ERROR ? HCB_CRASHED : status;
    }
    *reply = json_loads(link->line, 0, NULL);
    return HCB_OK;
}

/* The reply's frame: our id, a known status, a reason where one is due. */
static enum hcb_status open_reply(json_t *reply, json_int_t id, char *reason)
{
    const char *word = json_string_value(json_object_get(reply, "status"));
    const int status = word != NULL ? hcb_word(hcb_status_name, word) : -1;
    if (status < 0 || json_integer_value(json_object_get(reply, "id")) != id)
        return explain(reason, HCB_ERROR, "the worker gave a reply that the protocol does not have");
    if (status != HCB_OK) {
        const char *text = json_string_value(json_object_get(reply, "reason"));
        explain(reason, HCB_OK, text != NULL && *text != '\0' ? text : "the worker gave no reason");
    }
    json_object_del(reply, "id");
    json_object_del(reply, "status");
    json_object_del(reply, "reason");
    return (enum hcb_status)status;
}

enum hcb_status link_call(struct link *link, const char *step, json_t *request, json_t **reply,
                          char *reason)
{
    const json_int_t id = link->next_id++;
    json_t *message = request != NULL ? request : json_object();
    json_t *answer = NULL;
    enum hcb_status status = HCB_OK;
    *reply = NULL;
    if (message == NULL || json_object_set_new(message, "id", json_integer(id)) != 0 ||
        json_object_set_new(message, "step", json_string(step)) != 0)
        status = explain(reason, HCB_ERROR, "out of memory for a request");
    else if (link->dead)
        status = explain(reason, HCB_CRASHED, "the worker is dead");
    else if (link_interrupted() != 0)
        status = explain(reason, HCB_SKIPPED, "stopped");
    else if (link->local != NULL)
        answer = worker_handle(link->local, message);
    else
        status = exchange(link, step, message, &answer, reason);
    json_decref(message);
    if (status != HCB_OK)
        return status;
    status = open_reply(answer, id, reason);
    *reply = answer;
    return status;
}

enum hcb_status link_tell(struct link *link, const char *step, json_t *request, char *reason)
{
    json_t *reply;
    enum hcb_status status = link_call(link, step, request, &reply, reason);
    if (status == HCB_OK && json_object_size(reply) != 0)
        status = explain(reason, HCB_ERROR, "the worker's reply has unknown members");
    json_decref(reply);
    return status;
}

/* ---------------------------------------------------------------- being idle */

double link_cpu_s(const struct link *link)
{
    clockid_t clock;
    struct timespec used;
    if (link->pid <= 0 || clock_getcpuclockid(link->pid, &clock) != 0 ||
        clock_gettime(clock, &used) != 0)
        return (double)NAN;
    return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}

/* The state in "/proc/PID/task/TID/stat": "TID (NAME) STATE ...", where NAME may hold
 * anything; 0 when the thread is gone. */
static char thread_state(int folder, const char *thread)
{
    char path[300], text[256];
    snprintf(path, sizeof path, "%s/stat", thread);
    const int file = openat(folder, path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    const ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    const char *end = strrchr(text, ')');
    return end != NULL && end[1] == ' ' ? end[2] : 0;
}

/* Does Linux list a thread as running, or as waiting for a processor? */
static bool any_thread_runs(pid_t pid)
{
    char path[48];
    bool runs = false;
    snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    DIR *threads = opendir(path);
    if (threads == NULL)
        return false;
    for (struct dirent *entry; !runs && (entry = readdir(threads)) != NULL;)
        runs = entry->d_name[0] != '.' && thread_state(dirfd(threads), entry->d_name) == 'R';
    closedir(threads);
    return runs;
}

/* Both are looked at: a thread that polls between naps is seldom found running, and
 * one that waits for a processor uses no time. */
bool link_settle(const struct link *link)
{
    const double limit_s = 0.05, idle_share = 0.02;
    const struct timespec nap = {.tv_nsec = 1000 * 1000};
    if (link->local != NULL || link->dead || link->pid <= 0)
        return true;
    const double deadline = now_s() + limit_s;
    for (double then = now_s(), used = link_cpu_s(link);;) {
        nanosleep(&nap, NULL);
        const double now = now_s(), more = link_cpu_s(link);
        if (!(more - used > idle_share * (now - then)) && !any_thread_runs(link->pid))
            return true;
        if (now > deadline)
            return false;
        then = now;
        used = more;
    }
}

/* --------------------------------------------------------- opening, closing */

static bool start_process(struct link *link, const struct link_options *options, char *reason)
{
    int down[2] = {-1, -1}, up[2] = {-1, -1};
    int error = high_pipe(down) && high_pipe(up) ? 0 : errno;
    if (error == 0)
        error = spawn_worker(down[0], up[1], options->environment, &link->pid);
    if (down[0] >= 0)
        close(down[0]);
    if (up[1] >= 0)
        close(up[1]);
    link->requests = down[1];
    link->replies = up[0];
    if (error != 0)
        snprintf(reason, HCB_REASON_SIZE, "cannot start a worker: %s", strerror(error));
    return error == 0;
}

static enum hcb_status greet(struct link *link, char *reason)
{
    json_t *reply;
    int protocol = 0;
    const char *version = "";
    enum hcb_status status =
        link_call(link, "hello", json_pack("{s:i}", "protocol", PROTOCOL_VERSION), &reply, reason);
    if (status == HCB_OK && (json_unpack(reply, "{s:i, s:s !}", "protocol", &protocol, "version",
                                         &version) != 0 ||
                             protocol != PROTOCOL_VERSION || strcmp(version, hcb_version()) != 0))
        status = explain(reason, HCB_ERROR, "the worker is of another version of hcbench");
    json_decref(reply);
    return status;
}

enum hcb_status link_open(const struct link_options *options, struct link **out, char *reason)
{
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return explain(reason, HCB_ERROR, "out of memory for a worker");
    link->requests = link->replies = -1;
    link->timeout_s = options->timeout_s;
    enum hcb_status status = HCB_OK;
    if (options->isolate)
        status = start_process(link, options, reason) ? HCB_OK : HCB_ERROR;
    else if ((link->local = worker_new()) == NULL)
        status = explain(reason, HCB_ERROR, "out of memory for a worker");
    if (status == HCB_OK)
        status = greet(link, reason);
    if (status != HCB_OK) {
        link_close(link);
        return status;
    }
    *out = link;
    return HCB_OK;
}

void link_close(struct link *link)
{
    char reason[HCB_REASON_SIZE];
    int status;
    if (link == NULL)
        return;
    if (!link->dead && link->pid > 0) {
        link->timeout_s = 5;
        link_tell(link, "quit", NULL, reason);
    }
    if (link->requests >= 0)
        close(link->requests);
    if (link->pid > 0 && (link_interrupted() != 0 || !wait_worker(link, 5, &status)))
        kill_worker(link);
    if (link->replies >= 0)
        close(link->replies);
    worker_free(link->local);
    free(link->line);
    free(link);
}
