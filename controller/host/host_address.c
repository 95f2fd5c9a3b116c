#include "host_dns.h"

#include <arpa/inet.h>
#include <string.h>

bool evac_address_parse(struct evac_str text, union evac_address *ret_address)
{
    char c_string[INET6_ADDRSTRLEN];
    union evac_address address;
    memset(&address, 0, sizeof address);
    if (!evac_str_copy(c_string, sizeof c_string, text))
        return false;
    if (inet_pton(AF_INET, c_string, &address.v4.sin_addr) == 1)
        address.v4.sin_family = AF_INET;
    else if (inet_pton(AF_INET6, c_string, &address.v6.sin6_addr) == 1)
        address.v6.sin6_family = AF_INET6;
    else
        return false;
    *ret_address = address;
    return true;
}

void evac_address_print(const union evac_address *address, char *to, size_t to_bytes)
{
    const void *from = address->any.sa_family == AF_INET ? (const void *)&address->v4.sin_addr
                                                         : (const void *)&address->v6.sin6_addr;
    to[0] = '\0';
    (void)inet_ntop(address->any.sa_family, from, to, (socklen_t)to_bytes);
}

void evac_address_port(union evac_address *address, uint16_t port)
{
    if (address->any.sa_family == AF_INET)
        address->v4.sin_port = htons(port);
    else
        address->v6.sin6_port = htons(port);
}

bool evac_address_same(const union evac_address *a, const union evac_address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
}

size_t evac_address_bytes(const union evac_address *address)
{
    return address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
}
