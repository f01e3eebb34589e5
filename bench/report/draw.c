/* SPDX-License-Identifier: Apache-2.0 */
/* gnuplot as a child process: its folder, its time and its end. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hcbench.h>

#include "measure/link.h"
#include "report/draw.h"

extern char **environ;

static const char start_file[] = "start.gp", messages_file[] = "messages.txt";
enum { PATH_SIZE = 4096, LARGEST_FILE = 1 << 24 };

/* Always false. */
HCB_PRINTF(2, 3) static bool fail(struct studio *studio, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(studio->reason, sizeof studio->reason, format, arguments);
    va_end(arguments);
    return false;
}

static bool path_of(struct studio *studio, const char *name, char *path)
{
    if (snprintf(path, PATH_SIZE, "%s/%s", studio->folder, name) >= PATH_SIZE)
        return fail(studio, "the name of the temporary folder is too long");
    return true;
}

/* ---------------------------------------------------------------------- folder */

bool studio_open(struct studio *studio, double timeout_s)
{
    const char *parent = getenv("TMPDIR");
    char path[PATH_SIZE];
    *studio = (struct studio){.timeout_s = timeout_s};
    if (parent == NULL || *parent != '/' || strlen(parent) + sizeof "/hcbench-XXXXXX" > sizeof path)
        parent = "/tmp";
    snprintf(path, sizeof path, "%s/hcbench-XXXXXX", parent);
    if (mkdtemp(path) == NULL || (studio->folder = strdup(path)) == NULL) {
        studio->closed = true;
        return fail(studio, "no temporary folder in %.200s: %s", parent, strerror(errno));
    }
    return true;
}

void studio_close(struct studio *studio)
{
    char path[PATH_SIZE];
    DIR *folder = studio->folder != NULL ? opendir(studio->folder) : NULL;
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            path_of(studio, entry->d_name, path))
            unlink(path);
    if (folder != NULL)
        closedir(folder);
    if (studio->folder != NULL)
        rmdir(studio->folder);
    free(studio->folder);
    studio->folder = NULL;
}

bool studio_write(struct studio *studio, const char *name, const char *text)
{
    char path[PATH_SIZE];
    if (studio->closed || !path_of(studio, name, path))
        return false;
    FILE *file = fopen(path, "we");
    bool good = file != NULL && fputs(text, file) >= 0;
    if (file != NULL)
        good &= fclose(file) == 0;
    return good || fail(studio, "cannot write %.200s: %s", path, strerror(errno));
}

char *studio_read(struct studio *studio, const char *name, size_t *size)
{
    char path[PATH_SIZE], *text = NULL;
    if (studio->folder == NULL || !path_of(studio, name, path))
        return NULL;
    FILE *file = fopen(path, "re");
    long length = 0;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) > 0 &&
        length <= LARGEST_FILE && fseek(file, 0, SEEK_SET) == 0 &&
        (text = malloc((size_t)length + 1)) != NULL) {
        *size = fread(text, 1, (size_t)length, file);
        text[*size] = '\0';
    }
    if (file != NULL)
        fclose(file);
    if (text == NULL)
        fail(studio, "gnuplot made no %.60s", name);
    return text;
}

/* --------------------------------------------------------------------- process */

/* In a process group of its own: Ctrl-C reaches us only, and whatever it starts
 * dies with it. */
static int spawn_gnuplot(const char *script, const char *messages, pid_t *pid)
{
    char *arguments[] = {(char *)"gnuplot", (char *)"-d", (char *)script, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, messages,
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawnattr_init(&attributes);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    const int error = posix_spawnp(pid, "gnuplot", &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Waits for the end, or brings it about; true when it ended by itself. */
static bool await(pid_t pid, double seconds, int *status)
{
    const double deadline = now_s() + seconds;
    bool ended = false;
    while (!ended && now_s() < deadline && link_interrupted() == 0) {
        const pid_t got = waitpid(pid, status, WNOHANG);
        ended = got == pid;
        if (got < 0 && errno != EINTR)
            return false;
        if (!ended)
            nanosleep(&(struct timespec){.tv_nsec = 2 * 1000 * 1000}, NULL);
    }
    kill(-pid, SIGKILL); /* and what it started */
    while (!ended && waitpid(pid, status, 0) < 0 && errno == EINTR)
        ;
    return ended;
}

/* The last line that says something, without control characters. */
static void last_message(struct studio *studio, char *line, size_t size)
{
    size_t length;
    char reason[DRAW_REASON], *save = NULL;
    memcpy(reason, studio->reason, sizeof reason);
    char *text = studio_read(studio, messages_file, &length);
    memcpy(studio->reason, reason, sizeof reason);
    line[0] = '\0';
    for (char *at = text != NULL ? strtok_r(text, "\n", &save) : NULL; at != NULL;
         at = strtok_r(NULL, "\n", &save))
        if (at[strspn(at, " ^\t\r")] != '\0')
            snprintf(line, size, ": %.160s", at + strspn(at, " \t"));
    for (char *at = line; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    free(text);
}

/* Makes the folder the working directory and goes on with the script. */
static bool write_start(struct studio *studio, const char *script)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (file == NULL)
        return fail(studio, "out of memory");
    fputs("cd '", file);
    for (const char *at = studio->folder; *at != '\0'; at++)
        fprintf(file, *at == '\'' ? "''" : "%c", *at);
    fprintf(file, "'\nload '%s'\n", script);
    const bool good = fclose(file) == 0 && studio_write(studio, start_file, text);
    free(text);
    return good;
}

bool studio_draw(struct studio *studio, const char *script)
{
    char path[PATH_SIZE], messages[PATH_SIZE], line[200];
    int status = 0;
    pid_t pid;
    if (studio->closed || !write_start(studio, script) || !path_of(studio, start_file, path) ||
        !path_of(studio, messages_file, messages))
        return false;
    const int error = spawn_gnuplot(path, messages, &pid);
    if (error != 0) {
        studio->closed = true;
        return error == ENOENT ? fail(studio, "there is no gnuplot on PATH")
                               : fail(studio, "gnuplot cannot be started: %s", strerror(error));
    }
    if (!await(pid, studio->timeout_s, &status)) {
        studio->closed = true;
        return link_interrupted() != 0
                   ? fail(studio, "gnuplot was interrupted")
                   : fail(studio, "gnuplot took longer than %g s for a plot", studio->timeout_s);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    last_message(studio, line, sizeof line);
    return WIFSIGNALED(status)
               ? fail(studio, "gnuplot was ended by signal %d%s", WTERMSIG(status), line)
               : fail(studio, "gnuplot failed with status %d%s", WEXITSTATUS(status), line);
}
