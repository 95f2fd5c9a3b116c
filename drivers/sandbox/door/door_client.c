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

static void prepare(CURL *easy, uint16_t port, const char *command, struct evac_buf *text)
{
    char url[80];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/_sandbox/%s", port,
                   command ? "control" : "truth");
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TOTAL_MS);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, text);
    if (command)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, command);
}

enum evac_code evac_door_client(uint16_t http_port, const char *command, struct evac_buf *ret_text,
                                struct evac_err *err)
{
    long status = 0;
    CURL *easy = curl_easy_init();
    if (!easy)
        abort();
    prepare(easy, http_port, command, ret_text);
    CURLcode result = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(easy);
    if (result)
        return evac_fail(err, EVAC_E_UNREACHABLE, "the sandbox on port %u: %s", http_port,
                         curl_easy_strerror(result));
    if (status / 100 != 2)
        return evac_fail(err, EVAC_E_REFUSED, "the sandbox says no (%ld)", status);
    return EVAC_OK;
}
