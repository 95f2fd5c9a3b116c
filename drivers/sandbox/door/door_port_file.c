#include "door_port_file.h"

#include "door.h"

#include <cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX_BYTES 65536u

static void put_environment(const struct evac_door_facts *f, struct evac_buf *to,
                            const char *before, const char *after)
{
    evac_buf_putf(to, "%sAWS_ENDPOINT_URL=http://127.0.0.1:%u%s", before, f->http_port, after);
    evac_buf_putf(to, "%sAWS_ACCESS_KEY_ID=%s%s", before, f->access_key_id, after);
    evac_buf_putf(to, "%sAWS_SECRET_ACCESS_KEY=%s%s", before, f->secret_access_key, after);
    evac_buf_putf(to, "%sAWS_REGION=%s%s", before, f->regions[0], after);
    evac_buf_putf(to, "%sAWS_EC2_METADATA_DISABLED=true%s", before, after);
}

void evac_door_facts_print(const struct evac_door_facts *facts, struct evac_buf *to)
{
    evac_buf_putf(to, "evac-sandbox: AWS on http://127.0.0.1:%u, DNS on 127.0.0.1:%u, speed %g\n\n",
                  facts->http_port, facts->dns_port, facts->speed);
    put_environment(facts, to, "  export ", "\n");
    evac_buf_putf(to,
                  "\n  aws --endpoint-url http://127.0.0.1:%u rds describe-global-clusters\n"
                  "  dig @127.0.0.1 -p %u +short shop.example.com\n"
                  "  curl -d 'region %s down' http://127.0.0.1:%u/_sandbox/control\n\n",
                  facts->http_port, facts->dns_port, facts->regions[0], facts->http_port);
    for (size_t i = 0; facts->regions[i]; i++) {
        char address[16];
        evac_door_region_address(i, address, sizeof address);
        evac_buf_putf(to, "  %-16s http://%s:%u\n", facts->regions[i], address, facts->http_port);
    }
}

static void put_pair(struct evac_buf *to, const char *name, const char *value)
{
    evac_buf_json(to, evac_str(name));
    evac_buf_putc(to, ':');
    evac_buf_json(to, evac_str(value));
}

static void put_json(const struct evac_door_facts *f, struct evac_buf *to)
{
    char text[64];
    evac_buf_putf(to, "{\"pid\":%ld,\"http_port\":%u,\"dns_port\":%u,\"speed\":%g,", (long)getpid(),
                  f->http_port, f->dns_port, f->speed);
    (void)snprintf(text, sizeof text, "http://127.0.0.1:%u", f->http_port);
    put_pair(to, "endpoint_url", text);
    evac_buf_putc(to, ',');
    put_pair(to, "access_key_id", f->access_key_id);
    evac_buf_putc(to, ',');
    put_pair(to, "secret_access_key", f->secret_access_key);
    evac_buf_puts(to, ",\"regions\":{");
    for (size_t i = 0; f->regions[i]; i++) {
        evac_door_region_address(i, text, sizeof text);
        if (i)
            evac_buf_putc(to, ',');
        put_pair(to, f->regions[i], text);
    }
    evac_buf_puts(to, "},\"env\":");
    struct evac_buf lines;
    evac_buf_init(&lines, 4096);
    put_environment(f, &lines, "export ", "\n");
    evac_buf_json(to, evac_buf_str(&lines));
    evac_buf_done(&lines);
    evac_buf_puts(to, "}\n");
}

static enum evac_code write_all(const char *path, const struct evac_buf *text, struct evac_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return evac_fail(err, EVAC_E_IO, "%s: %s", path, strerror(errno));
    size_t done = 0;
    while (done < text->n) {
        ssize_t n = write(fd, text->p + done, text->n - done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    int error = errno;
    if (close(fd) == 0 && done == text->n)
        return EVAC_OK;
    (void)unlink(path);
    return evac_fail(err, EVAC_E_IO, "%s: %s", path, strerror(error));
}

enum evac_code evac_door_facts_write(const struct evac_door_facts *facts, const char *path,
                                     struct evac_err *err)
{
    struct evac_buf text, temporary;
    evac_buf_init(&text, FILE_MAX_BYTES);
    evac_buf_init(&temporary, 4096);
    put_json(facts, &text);
    evac_buf_putf(&temporary, "%s.%ld.new", path, (long)getpid());
    enum evac_code code = evac_buf_check(&text, "the port file", err);
    if (!code)
        code = evac_buf_check(&temporary, "the port file's path", err);
    if (!code)
        code = write_all(temporary.p, &text, err);
    if (!code && rename(temporary.p, path)) {
        code = evac_fail(err, EVAC_E_IO, "%s: %s", path, strerror(errno));
        (void)unlink(temporary.p);
    }
    evac_buf_done(&text);
    evac_buf_done(&temporary);
    return code;
}

static bool read_port(const cJSON *root, const char *name, uint16_t *ret_port)
{
    const cJSON *port = cJSON_GetObjectItemCaseSensitive(root, name);
    bool usable = cJSON_IsNumber(port) && port->valueint > 0 && port->valueint < 65536;
    *ret_port = usable ? (uint16_t)port->valueint : 0;
    return usable;
}

enum evac_code evac_door_facts_read_ports(const char *path, uint16_t *ret_http_port,
                                          uint16_t *ret_dns_port, struct evac_err *err)
{
    char text[FILE_MAX_BYTES];
    FILE *file = fopen(path, "re");
    if (!file)
        return evac_fail(err, EVAC_E_IO, "%s: %s", path, strerror(errno));
    size_t n = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    cJSON *root = cJSON_ParseWithLength(text, n);
    bool usable =
        read_port(root, "http_port", ret_http_port) && read_port(root, "dns_port", ret_dns_port);
    cJSON_Delete(root);
    if (!usable)
        return evac_fail(err, EVAC_E_PARSE,
                         "%s is not a sandbox's port file: no \"http_port\" or \"dns_port\"", path);
    return EVAC_OK;
}
