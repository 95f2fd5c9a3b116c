/* evac-sandbox: AWS on loopback, with outages on demand. */
#include "door.h"
#include "door_client.h"
#include "door_port_file.h"
#include "log.h"
#include "version.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3, EXIT_UNREACHABLE = 4 };

#define DEFAULT_ACCESS_KEY "AKIAEVACSANDBOX00001"
#define DEFAULT_SECRET_KEY "evac-sandbox-secret-key-that-opens-nothing"
#define SPEED_MAX          1000000.0

static const char usage[] =
    "evac-sandbox: a model of AWS on loopback, for trying and testing evac\n"
    "\n"
    "  evac-sandbox [options]                   serve until SIGTERM\n"
    "  evac-sandbox ctl --port-file FILE CMD    tell a running one, e.g. \"region us-east-1 "
    "down\"\n"
    "  evac-sandbox truth --port-file FILE      what is really so, as JSON\n"
    "  evac-sandbox operations --port-file FILE what it serves, \"service Operation\" a line\n"
    "  evac-sandbox faults --port-file FILE     what was put in by name: \"NAME VERSION in LEFT_MS "
    "...\"\n"
    "  evac-sandbox resolve --port-file FILE NAME       ask its DNS\n"
    "  evac-sandbox get --port-file FILE NAME [PATH]    as a user: ask its DNS, then GET\n"
    "\n"
    "  --listen-port N      AWS and the sample app, on 127.0.0.1 and 127.0.10.x (0: a free one)\n"
    "  --dns-port N         DNS, on 127.0.0.1 (0: a free one)\n"
    "  --regions A,B,C      default us-east-1,us-west-2,eu-west-1\n"
    "  --speed X            durations are divided by X (1 real, 0 instant)\n"
    "  --seed N             for what is left to chance (default 1)\n"
    "  --limits on|off      AWS's request rates (default on)\n"
    "  --shop               with the sample app \"shop\"\n"
    "  --iam FILE           its requests need these rights: a policy, or what evac iam APP prints\n"
    "                       (the role act)\n"
    "  --access-key ID, --secret-key KEY   the credentials that are accepted\n"
    "  --port-file FILE     write ports and credentials there when ready\n"
    "  --verbose            log each request\n"
    "  --version, --help\n";

struct arguments {
    struct evac_door_options door;
    const char *port_file, *iam_file;
    bool verbose;
    char region_text[1024];
    const char *regions[EVAC_DOOR_REGIONS_MAX + 1];
};

/* --- arguments ------------------------------------------------------------------------------- */

static bool complain(const char *option, const char *found, const char *allowed)
{
    fprintf(stderr, "evac-sandbox: --%s '%s': %s\n", option, found, allowed);
    return false;
}

static bool read_number(const char *option, const char *text, int64_t max, int64_t *ret_value)
{
    if (evac_str_i64(evac_str(text), ret_value) && *ret_value >= 0 && *ret_value <= max)
        return true;
    fprintf(stderr, "evac-sandbox: --%s '%s': it must be a whole number from 0 to %lld\n", option,
            text, (long long)max);
    return false;
}

static bool read_port(const char *option, const char *text, uint16_t *ret_port)
{
    int64_t value;
    if (!read_number(option, text, 65535, &value))
        return false;
    *ret_port = (uint16_t)value;
    return true;
}

static bool is_region_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return n > 0 && n < 32 && name[n] == '\0';
}

static bool read_regions(struct arguments *a, const char *text)
{
    size_t n = 0;
    if (!evac_str_copy(a->region_text, sizeof a->region_text, evac_str(text)))
        return complain("regions", text, "it is too long");
    char *at = a->region_text;
    for (char *name; (name = strsep(&at, ",")) != NULL;) {
        if (n == EVAC_DOOR_REGIONS_MAX || !is_region_name(name))
            return complain("regions", text,
                            "it must be up to 32 names such as us-east-1, with commas");
        for (size_t i = 0; i < n; i++)
            if (strcmp(a->regions[i], name) == 0)
                return complain("regions", text, "a region is named twice");
        a->regions[n++] = name;
    }
    a->regions[n] = NULL;
    return true;
}

static bool read_speed(const char *text, double *ret_speed)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= 0 && value <= SPEED_MAX))
        return complain("speed", text, "it must be a number from 0 (instant) to 1000000");
    *ret_speed = value;
    return true;
}

static bool read_limits(const char *text, bool *ret_on)
{
    *ret_on = strcmp(text, "on") == 0;
    if (*ret_on || strcmp(text, "off") == 0)
        return true;
    return complain("limits", text, "it must be on or off");
}

static bool read_seed(const char *text, uint64_t *ret_seed)
{
    int64_t value;
    if (!read_number("seed", text, INT64_MAX, &value))
        return false;
    *ret_seed = (uint64_t)value;
    return true;
}

static bool read_key(const char *option, const char *text, const char **ret_key)
{
    *ret_key = text;
    return (text[0] && strpbrk(text, "\" \n") == NULL) ||
           complain(option, text, "it must be text without spaces or quotes");
}

static bool read_option(struct arguments *a, int option, const char *text)
{
    switch (option) {
    case 'l':
        return read_port("listen-port", text, &a->door.http_port);
    case 'd':
        return read_port("dns-port", text, &a->door.dns_port);
    case 'r':
        return read_regions(a, text);
    case 's':
        return read_speed(text, &a->door.model.speed);
    case 'e':
        return read_seed(text, &a->door.model.seed);
    case 'm':
        return read_limits(text, &a->door.model.enforce_limits);
    case 'o':
        a->door.shop = true;
        return true;
    case 'a':
        return read_key("access-key", text, &a->door.model.access_key_id);
    case 'k':
        return read_key("secret-key", text, &a->door.model.secret_access_key);
    case 'p':
        a->port_file = text;
        return true;
    case 'i':
        a->iam_file = text;
        return true;
    case 'v':
        a->verbose = true;
        return true;
    default:
        return false;
    }
}

/* An exit code, or -1: go on. */
static int read_arguments(struct arguments *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "listen-port", required_argument, NULL, 'l' },
        { "dns-port", required_argument, NULL, 'd' },
        { "regions", required_argument, NULL, 'r' },
        { "speed", required_argument, NULL, 's' },
        { "seed", required_argument, NULL, 'e' },
        { "limits", required_argument, NULL, 'm' },
        { "shop", no_argument, NULL, 'o' },
        { "access-key", required_argument, NULL, 'a' },
        { "secret-key", required_argument, NULL, 'k' },
        { "port-file", required_argument, NULL, 'p' },
        { "iam", required_argument, NULL, 'i' },
        { "verbose", no_argument, NULL, 'v' },
        { "version", no_argument, NULL, 'V' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    a->door.model = (struct evac_sandbox_options){ .seed = 1,
                                                   .speed = 1.0,
                                                   .access_key_id = DEFAULT_ACCESS_KEY,
                                                   .secret_access_key = DEFAULT_SECRET_KEY,
                                                   .enforce_limits = true };
    (void)read_regions(a, "us-east-1,us-west-2,eu-west-1");
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (c == 'V' || c == 'h') {
            fputs(c == 'V' ? "evac-sandbox " EVAC_VERSION "\n" : usage, stdout);
            return EXIT_DONE;
        }
        if (c == '?')
            fputs("evac-sandbox --help tells what is allowed\n", stderr);
        if (!read_option(a, c, optarg))
            return EXIT_USAGE;
    }
    a->door.model.regions = a->regions;
    return -1;
}

/* --- serve ----------------------------------------------------------------------------------- */

struct process {
    uv_loop_t loop;
    uv_signal_t signals[2];
    struct evac_door *door;
};

static void stop(struct process *p)
{
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&p->signals[i], NULL);
    evac_door_close(p->door);
}

static void on_signal(uv_signal_t *handle, int number)
{
    evac_log(EVAC_LOG_INFO, "stopping", "signal=%d", number);
    stop(handle->data);
}

static void listen_to_signals(struct process *p)
{
    static const int numbers[2] = { SIGTERM, SIGINT };
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(&p->loop, &p->signals[i]);
        p->signals[i].data = p;
        uv_signal_start(&p->signals[i], on_signal, numbers[i]);
    }
}

static enum evac_code announce(const struct arguments *a, const struct evac_door *door,
                               struct evac_err *err)
{
    struct evac_door_facts facts = {
        .http_port = evac_door_http_port(door),
        .dns_port = evac_door_dns_port(door),
        .access_key_id = a->door.model.access_key_id,
        .secret_access_key = a->door.model.secret_access_key,
        .regions = a->regions,
        .speed = a->door.model.speed,
    };
    struct evac_buf text;
    evac_buf_init(&text, 16384);
    evac_door_facts_print(&facts, &text);
    fwrite(text.p, 1, text.n, stdout);
    fflush(stdout);
    evac_buf_done(&text);
    return a->port_file ? evac_door_facts_write(&facts, a->port_file, err) : EVAC_OK;
}

/* The file's text, at most so much; the caller's. */
static enum evac_code read_policies(const char *path, struct evac_buf *out, struct evac_err *err)
{
    char part[4096];
    size_t n;
    FILE *f = fopen(path, "r");
    if (!f)
        return evac_fail(err, EVAC_E_IO, "--iam %s: %s", path, strerror(errno));
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        evac_buf_put(out, part, n);
    (void)fclose(f);
    return out->failed ? evac_fail(err, EVAC_E_TOOBIG, "--iam %s: it is too large", path) : EVAC_OK;
}

static int serve(struct arguments *a)
{
    struct process p;
    struct evac_buf iam;
    struct evac_err err = { EVAC_OK, "" };
    memset(&p, 0, sizeof p);
    signal(SIGPIPE, SIG_IGN);
    evac_log_setup(stderr, a->verbose ? EVAC_LOG_DEBUG : EVAC_LOG_INFO, false);
    uv_loop_init(&p.loop);
    listen_to_signals(&p);
    evac_buf_init(&iam, 1u << 19);
    enum evac_code code = a->iam_file ? read_policies(a->iam_file, &iam, &err) : EVAC_OK;
    a->door.iam = a->iam_file ? iam.p : NULL;
    if (!code)
        code = evac_door_new(&p.loop, &a->door, &p.door, &err);
    evac_buf_done(&iam);
    if (!code)
        code = announce(a, p.door, &err);
    if (code) {
        fprintf(stderr, "evac-sandbox: %s\n", err.text);
        stop(&p);
    }
    uv_run(&p.loop, UV_RUN_DEFAULT);
    uv_loop_close(&p.loop);
    if (!code && a->port_file)
        (void)unlink(a->port_file);
    return code ? EXIT_FAILED : EXIT_DONE;
}

/* --- talking to a running one ---------------------------------------------------------------- */

struct talk {
    uint16_t http_port, dns_port;
    struct evac_buf text;
};

static enum evac_code do_ctl(struct talk *t, char **words, struct evac_err *err)
{
    struct evac_buf command;
    evac_buf_init(&command, 65536);
    for (; *words; words++)
        evac_buf_putf(&command, "%s%s", command.n ? " " : "", *words);
    enum evac_code code = evac_door_command(t->http_port, command.p, &t->text, err);
    evac_buf_done(&command);
    return code;
}

static enum evac_code do_truth(struct talk *t, char **words, struct evac_err *err)
{
    (void)words;
    return evac_door_page(t->http_port, "truth", &t->text, err);
}

static enum evac_code do_operations(struct talk *t, char **words, struct evac_err *err)
{
    (void)words;
    return evac_door_page(t->http_port, "operations", &t->text, err);
}

static enum evac_code do_faults(struct talk *t, char **words, struct evac_err *err)
{
    (void)words;
    return evac_door_page(t->http_port, "faults", &t->text, err);
}

static enum evac_code do_resolve(struct talk *t, char **words, struct evac_err *err)
{
    char address[16];
    enum evac_code code = evac_door_resolve(t->dns_port, words[0], address, err);
    if (!code)
        evac_buf_puts(&t->text, address);
    return code;
}

static enum evac_code do_get(struct talk *t, char **words, struct evac_err *err)
{
    char address[16];
    enum evac_code code = evac_door_resolve(t->dns_port, words[0], address, err);
    return code ? code
                : evac_door_get(t->http_port, address, words[0], words[1] ? words[1] : "/",
                                &t->text, err);
}

static const struct {
    const char *name, *usage;
    size_t least, most; /* words */
    enum evac_code (*run)(struct talk *t, char **words, struct evac_err *err);
} commands[] = {
    { "ctl", "COMMAND", 1, 64, do_ctl },       { "truth", "", 0, 0, do_truth },
    { "operations", "", 0, 0, do_operations }, { "faults", "", 0, 0, do_faults },
    { "resolve", "NAME", 1, 1, do_resolve },   { "get", "NAME [PATH]", 1, 2, do_get },
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static size_t find_command(const char *name)
{
    size_t i = 0;
    while (name && i < COMMANDS && strcmp(commands[i].name, name) != 0)
        i++;
    return name ? i : COMMANDS;
}

static int finish(struct talk *t, enum evac_code code, const struct evac_err *err)
{
    FILE *to = code ? stderr : stdout;
    fwrite(t->text.n ? t->text.p : "", 1, t->text.n, to);
    if (t->text.n && t->text.p[t->text.n - 1] != '\n')
        fputc('\n', to);
    if (code)
        fprintf(stderr, "evac-sandbox: %s\n", err->text);
    if (code == EVAC_E_REFUSED)
        return EXIT_REFUSED;
    return code == EVAC_OK              ? EXIT_DONE
           : code == EVAC_E_UNREACHABLE ? EXIT_UNREACHABLE
                                        : EXIT_FAILED;
}

static int client(size_t which, int argc, char **argv)
{
    static const struct option options[] = { { "port-file", required_argument, NULL, 'p' },
                                             { NULL, 0, NULL, 0 } };
    const char *port_file = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct talk t = { 0 };
    for (int c; (c = getopt_long(argc - 1, argv + 1, "", options, NULL)) != -1;) {
        if (c != 'p')
            return EXIT_USAGE;
        port_file = optarg;
    }
    char **words = argv + 1 + optind;
    size_t count = (size_t)(argc - 1 - optind);
    if (!port_file || count < commands[which].least || count > commands[which].most) {
        fprintf(stderr, "usage: evac-sandbox %s --port-file FILE %s\n", commands[which].name,
                commands[which].usage);
        return EXIT_USAGE;
    }
    evac_buf_init(&t.text, 64u * 1024 * 1024);
    enum evac_code code = evac_door_facts_read_ports(port_file, &t.http_port, &t.dns_port, &err);
    if (!code)
        code = commands[which].run(&t, words, &err);
    int status = finish(&t, code, &err);
    evac_buf_done(&t.text);
    return status;
}

int main(int argc, char **argv)
{
    struct arguments a;
    memset(&a, 0, sizeof a);
    size_t which = find_command(argc > 1 ? argv[1] : NULL);
    if (which < COMMANDS)
        return client(which, argc, argv);
    int code = read_arguments(&a, argc, argv);
    if (code >= 0)
        return code;
    if (optind < argc) {
        fprintf(
            stderr,
            "evac-sandbox: '%s' is not a command; ctl, truth, operations, faults, resolve and get "
            "are\n",
            argv[optind]);
        return EXIT_USAGE;
    }
    return serve(&a);
}
