#include "door_client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#define CONNECT_MS 2000L
#define TOTAL_MS   20000L

static size_t on_body(char *p, size_t size, size_t n, void *user)
{
    struct evac_buf *text = user;
    evac_buf_put(text, p, size * n);
    return text->failed ? 0 : size * n;
}

static enum evac_code ask(const char *url, const char *command, struct curl_slist *hosts,
                          struct evac_buf *text, struct evac_err *err)
{
    long status = 0;
    CURL *easy = curl_easy_init();
    if (!easy)
        abort();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TOTAL_MS);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, text);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, hosts);
    if (command)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, command);
    CURLcode result = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(easy);
    if (result)
        return evac_fail(err, EVAC_E_UNREACHABLE, "%s: %s", url, curl_easy_strerror(result));
    if (status / 100 != 2)
        return evac_fail(err, EVAC_E_REFUSED, "%s answers with %ld", url, status);
    return EVAC_OK;
}

static enum evac_code ask_sandbox(uint16_t port, const char *page, const char *command,
                                  struct evac_buf *text, struct evac_err *err)
{
    char url[80];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/_sandbox/%s", port, page);
    return ask(url, command, NULL, text, err);
}

enum evac_code evac_door_page(uint16_t http_port, const char *page, struct evac_buf *ret_text,
                              struct evac_err *err)
{
    return ask_sandbox(http_port, page, NULL, ret_text, err);
}

enum evac_code evac_door_command(uint16_t http_port, const char *command, struct evac_buf *ret_text,
                                 struct evac_err *err)
{
    return ask_sandbox(http_port, "control", command, ret_text, err);
}

enum evac_code evac_door_get(uint16_t http_port, const char *address, const char *host,
                             const char *path, struct evac_buf *ret_text, struct evac_err *err)
{
    char url[400], where[400];
    (void)snprintf(url, sizeof url, "http://%s:%u%s%s", host, http_port, path[0] == '/' ? "" : "/",
                   path);
    (void)snprintf(where, sizeof where, "%s:%u:%s", host, http_port, address);
    struct curl_slist *hosts = curl_slist_append(NULL, where);
    enum evac_code code = ask(url, NULL, hosts, ret_text, err);
    curl_slist_free_all(hosts);
    return code;
}
