/* evac-fence's command line. */
#ifndef EVAC_FENCE_OPTIONS_H
#define EVAC_FENCE_OPTIONS_H

#include "evac/err.h"
#include "evac/fence.h"
#include "evac/str.h"

#define FENCE_ARGV_MAX 32u

struct fence_copy_option {
    char bucket[256], key[1025], region[64];
};

/* A command without a shell: blanks part its words. words[0] NULL: none. */
struct fence_command {
    char text[1024];
    const char *words[FENCE_ARGV_MAX + 1];
};

struct fence_options {
    char app[128], region[64];
    struct fence_copy_option copies[EVAC_FENCE_COPIES_MAX];
    size_t copy_count;
    int64_t lease_ms;
    const char *listen; /* "unix:/path" or "127.0.0.1:port"; NULL nowhere */
    const char *file;   /* NULL none */
    struct fence_command on_go, on_stop;
    bool help, version;
};

/* EVAC_E_BADARG with a sentence that names the option, what was found, and what is allowed. */
enum evac_code fence_options_read(int argc, char **argv, struct fence_options *ret_options,
                                  struct evac_err *err);
extern const char fence_usage[];

#endif
