/* TLS as we speak it to whoever: 1.2 with forward secrecy and authenticated encryption, or 1.3;
 * keys and signatures of 112 bits at least (OpenSSL's security level 2: no SHA-1, no RSA below 2048
 * bits), whatever the machine's own configuration of OpenSSL says. */
#ifndef EVAC_HOST_TLS_H
#define EVAC_HOST_TLS_H

#define EVAC_TLS_CIPHERS                                                                           \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"     \
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"       \
    "@SECLEVEL=2"
#endif
