/* Where credentials come from, and how they stay fresh, against a scripted host. */
#include "aws.h"
#include "credentials.h"
#include "credentials_internal.h"
#include "fake_http_host.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define MINUTE   60000u
#define SECRET   "top/SECRET+value"

static struct evac_arena *arena;
static struct fake_host *fake;
static struct evac_aws_io *io;
static struct evac_credentials *credentials;
static struct evac_aws_skew skew;
static struct evac_sigv4_cache cache;

static size_t told;
static char got_id[140], got_token[64], got_err[400];

static void on_ready(void *user, const struct evac_aws_keys *keys, const struct evac_err *err)
{
    (void)user;
    told++;
    got_id[0] = got_token[0] = got_err[0] = '\0';
    if (keys) {
        (void)snprintf(got_id, sizeof got_id, "%s", keys->access_key_id);
        (void)evac_str_copy(got_token, sizeof got_token, evac_secret_reveal(&keys->token));
    } else {
        (void)snprintf(got_err, sizeof got_err, "%s", err->text);
    }
}

static void setup(void)
{
    told = 0;
    memset(&skew, 0, sizeof skew);
    memset(&cache, 0, sizeof cache);
    arena = evac_arena_new();
    fake = fake_host_new();
    io = evac_aws_io_new(fake_host_table(fake));
    credentials = NULL;
    fake_host_env(fake, "HOME", "/h");
}

static void teardown(void)
{
    evac_credentials_free(credentials);
    evac_aws_io_free(io);
    fake_host_run(fake, 100000);
    ck_assert_uint_eq(fake_host_open(fake), 0);
    ck_assert_msg(!strstr(fake_host_debug(fake), SECRET), "%s", fake_host_debug(fake));
    fake_host_free(fake);
    evac_arena_free(arena);
}

static void use(const struct evac_args *settings)
{
    credentials = evac_credentials_new(fake_host_table(fake), io, settings, &skew, &cache);
}

/* Keys for a call to a region; "" when there are none, and got_err says why. Time passes if it
 * must. */
static const char *ask(const char *region, uint64_t wait_ms)
{
    const struct evac_aws_keys *keys = NULL;
    struct evac_err err = { 0 };
    size_t before = told;
    enum evac_code code =
        evac_credentials_get(credentials, evac_str(region), on_ready, NULL, &keys, &err);
    ck_assert_msg(told == before, "called back from inside the call");
    if (keys) {
        on_ready(NULL, keys, &err);
    } else if (code == EVAC_OK) {
        fake_host_run(fake, wait_ms);
        ck_assert_uint_eq(told, before + 1);
    } else {
        on_ready(NULL, NULL, &err);
    }
    ck_assert_msg(!strstr(got_err, SECRET), "%s", got_err);
    return got_id;
}

static const char *asked(const char *region)
{
    if (!credentials)
        use(NULL);
    return ask(region, 30000);
}

static void env_keys(void)
{
    fake_host_env(fake, "AWS_ACCESS_KEY_ID", "AKENV");
    fake_host_env(fake, "AWS_SECRET_ACCESS_KEY", SECRET);
}

/* An answer of STS whose keys end so many minutes after the beginning of the test (03:04:05). */
static const char *sts(const char *operation, const char *id, unsigned minutes)
{
    unsigned at = 3 * 60 + 4 + minutes;
    return evac_arena_printf(arena,
                             "<%sResponse><%sResult><Credentials><AccessKeyId>%s</AccessKeyId>"
                             "<SecretAccessKey>" SECRET "</SecretAccessKey>"
                             "<SessionToken>tok-%s</SessionToken>"
                             "<Expiration>2026-01-%02uT%02u:%02u:05Z</Expiration></Credentials>"
                             "</%sResult></%sResponse>",
                             operation, operation, id, id, 2 + at / 1440, at / 60 % 24, at % 60,
                             operation, operation)
        .p;
}

static const char *json(const char *id, const char *token_name, const char *expiration)
{
    return evac_arena_printf(arena,
                             "{\"Code\":\"Success\",\"Version\":1,\"AccessKeyId\":\"%s\","
                             "\"SecretAccessKey\":\"" SECRET "\",\"%s\":\"tok\"%s%s%s}",
                             id, token_name, expiration ? ",\"Expiration\":\"" : "",
                             expiration ? expiration : "", expiration ? "\"" : "")
        .p;
}

static void role_profile(void)
{
    fake_host_file(fake, "/h/.aws/credentials",
                   "[base]\naws_access_key_id = AKBASE\naws_secret_access_key = " SECRET "\n");
    fake_host_file(fake, "/h/.aws/config",
                   "[profile ops]\nrole_arn = arn:aws:iam::1:role/dr\nsource_profile = base\n"
                   "external_id = ext\nrole_session_name = run-7\nduration_seconds = 3600\n");
    fake_host_env(fake, "AWS_PROFILE", "ops");
}

/* --- where from --- */

START_TEST(the_controllers_own_keys_come_first)
{
    struct evac_arg items[] = { { EVAC_STR("access_key_id"), EVAC_STR("AKSET") },
                                { EVAC_STR("secret_access_key"), EVAC_STR(SECRET) },
                                { EVAC_STR("session_token"), EVAC_STR("st") } };
    struct evac_args settings = { items, 3 };
    env_keys();
    use(&settings);
    ck_assert_str_eq(ask("r", 0), "AKSET");
    ck_assert_str_eq(got_token, "st");
    ck_assert_uint_eq(fake_host_timers(fake), 0);
}
END_TEST

START_TEST(the_environment_comes_before_a_profile_of_the_environment)
{
    role_profile();
    env_keys();
    fake_host_env(fake, "AWS_SESSION_TOKEN", "new");
    fake_host_env(fake, "AWS_SECURITY_TOKEN", "old");
    ck_assert_str_eq(asked("r"), "AKENV");
    ck_assert_str_eq(got_token, "old");
}
END_TEST

START_TEST(a_profile_of_the_settings_comes_before_the_environment)
{
    struct evac_arg item = { EVAC_STR("profile"), EVAC_STR("base") };
    struct evac_args settings = { &item, 1 };
    role_profile();
    env_keys();
    use(&settings);
    ck_assert_str_eq(ask("r", 0), "AKBASE");
}
END_TEST

/* clang-format off */
static const struct {
    const char *config, *shared; /* files */
    const char *profile;
    const char *id;   /* "" : an error that says: */
    const char *says;
} files[] = {
    { "", "[default]\naws_access_key_id=AKD\naws_secret_access_key=s\n", NULL, "AKD", NULL },
    { "[default]\naws_access_key_id=AKC\naws_secret_access_key=s\n", "", NULL, "AKC", NULL },
    { "[profile default]\naws_access_key_id=AKC\naws_secret_access_key=s\n", "", NULL, "AKC", NULL },
    { "[default]\naws_access_key_id=AKC\naws_secret_access_key=s\n", "[default]\naws_access_key_id=AKD\naws_secret_access_key=s\n", NULL, "AKD", NULL },
    { "[profile  \"a b\"] # two words\naws_access_key_id = AKC ; mine\naws_secret_access_key = s\n", "", "a b", "AKC", NULL },
    { "", "[p]\naws_access_key_id = AKP\naws_secret_access_key = s\naws_access_key_id = AKQ\n", "p", "AKQ", NULL },
    { "; c\n# c\n\n[profile p]\ns3 =\n  addressing_style = path\n  # c\naws_access_key_id = AKP\naws_secret_access_key = s\n", "", "p", "AKP", NULL },
    { "", "[p]\naws_access_key_id = AKP\n", "p", "", "no secret access key" },
    { "", "[q]\naws_access_key_id = AKP\n", "p", "", "'p'" },
    { "[profile p]\nrole_arn = a\nsource_profile = p\naws_access_key_id=AKP\naws_secret_access_key=s\n", "", "p", "", "no region" },
    { "[profile p]\nrole_arn = a\n", "", "p", "", "neither of" },
    { "[profile p]\nrole_arn = a\nsource_profile = x\ncredential_source = Environment\n", "", "p", "", "both of" },
    { "[profile p]\nrole_arn = a\nsource_profile = x\n", "", "p", "", "'x' is not there" },
    { "[profile p]\nrole_arn = a\nsource_profile = q\n[profile q]\nregion=r\n", "", "p", "", "has no credentials" },
    { "[profile p]\nrole_arn = a\nsource_profile = q\n[profile q]\nrole_arn=a\nsource_profile=p\n", "", "p", "", "its own source_profile" },
    { "[profile p]\nrole_arn = a\nsource_profile = p\n", "", "p", "", "has no credentials" },
    { "[profile p]\nrole_arn = a\ncredential_source = Moon\n", "", "p", "", "Moon" },
    { "[profile p]\nrole_arn = a\nmfa_serial = m\nsource_profile = q\n[profile q]\naws_access_key_id=AKP\naws_secret_access_key=s\n", "", "p", "", "MFA" },
    { "[profile p]\nsso_session = s\n", "", "p", "", "SSO" },
    { "[profile p]\nweb_identity_token_file = /t\n", "", "p", "", "without a role ARN" },
    { "[profile p]\nrole_arn = a\nduration_seconds = 60\nsource_profile = p\naws_access_key_id=AKP\naws_secret_access_key=s\n", "", "p", "", "900 to 43200" },
    { "[profile p]\nrole_arn = a\nrole_session_name = a b\nsource_profile = p\naws_access_key_id=AKP\naws_secret_access_key=s\n", "", "p", "", "role_session_name" },
    { "[profile p\nx=y\n", "", "p", "", "/h/.aws/config, line 1" },
    { "[profile p]\njust words\n", "", "p", "", "/h/.aws/config, line 2" },
    { "a = b\n", "", "p", "", "before the first" },
    { "[profile p]\ns3 =\n  words\n", "", "p", "", "line 3" },
};
/* clang-format on */

START_TEST(files_are_read_as_aws_reads_them)
{
    fake_host_file(fake, "/h/.aws/config", files[_i].config);
    fake_host_file(fake, "/h/.aws/credentials", files[_i].shared);
    fake_host_env(fake, "AWS_PROFILE", files[_i].profile);
    fake_host_env(fake, "AWS_EC2_METADATA_DISABLED", "true");
    ck_assert_str_eq(asked(""), files[_i].id);
    if (files[_i].says)
        ck_assert_msg(strstr(got_err, files[_i].says), "%s", got_err);
}
END_TEST

START_TEST(a_chain_of_roles_that_is_too_long_is_refused)
{
    struct evac_buf text;
    evac_buf_init(&text, 1u << 16);
    for (int i = 0; i < 9; i++)
        evac_buf_putf(&text, "[profile p%d]\nrole_arn=a\nsource_profile=p%d\n", i, i + 1);
    evac_buf_puts(&text, "[profile p9]\naws_access_key_id=A\naws_secret_access_key=s\n");
    fake_host_file(fake, "/h/.aws/config", text.p);
    fake_host_env(fake, "AWS_PROFILE", "p0");
    ck_assert_str_eq(asked("us-west-2"), "");
    ck_assert_msg(strstr(got_err, "more than"), "%s", got_err);
    evac_buf_done(&text);
}
END_TEST

START_TEST(a_key_without_its_secret_is_an_error_not_a_reason_to_look_on)
{
    fake_host_env(fake, "AWS_ACCESS_KEY_ID", "AKENV");
    ck_assert_str_eq(asked("r"), "");
    ck_assert(strstr(got_err, "AWS_ACCESS_KEY_ID") && strstr(got_err, "no secret"));
    ck_assert_uint_eq(fake_host_requests(fake), 0);
}
END_TEST

/* --- roles --- */

START_TEST(a_role_is_assumed_at_the_sts_of_the_calls_own_region)
{
    role_profile();
    fake_host_reply(fake, "sts.us-west-2",
                    (struct fake_reply){ .body = sts("AssumeRole", "ASIA1", 60) });
    ck_assert_str_eq(asked("us-west-2"), "ASIA1");
    ck_assert_str_eq(got_token, "tok-ASIA1");
    const struct fake_request *r = fake_host_request(fake, 0);
    ck_assert_str_eq(r->url, "https://sts.us-west-2.amazonaws.com/");
    ck_assert_str_eq(r->region, "us-west-2");
    ck_assert(!r->mutates);
    ck_assert(strstr(r->headers, "Credential=AKBASE/20260102/us-west-2/sts/aws4_request"));
    ck_assert(strstr(r->body, "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fdr&RoleSessionName=run-7&"
                              "ExternalId=ext&DurationSeconds=3600"));
}
END_TEST

START_TEST(sts_region_pins_where_roles_are_assumed)
{
    struct evac_arg items[] = { { EVAC_STR("role_arn"), EVAC_STR("arn:aws:iam::1:role/x") },
                                { EVAC_STR("sts_region"), EVAC_STR("eu-west-1") } };
    struct evac_args settings = { items, 2 };
    env_keys();
    use(&settings);
    fake_host_reply(fake, "sts.eu-west-1",
                    (struct fake_reply){ .body = sts("AssumeRole", "ASIA1", 60) });
    ck_assert_str_eq(ask("us-west-2", 1000), "ASIA1");
    ck_assert(strstr(fake_host_request(fake, 0)->headers, "Credential=AKENV/"));
    ck_assert(strstr(fake_host_request(fake, 0)->body, "RoleSessionName=evac-1767323045"));
}
END_TEST

START_TEST(an_sts_that_is_gone_is_replaced_by_that_of_another_region_in_use)
{
    role_profile();
    fake_host_reply(fake, "sts.us-east-1",
                    (struct fake_reply){ .fate = EVAC_HTTP_NOT_SENT, .always = true });
    fake_host_reply(fake, "sts.us-west-2", (struct fake_reply){ .status = 503, .body = "<html/>" });
    fake_host_reply(fake, "sts.us-west-2",
                    (struct fake_reply){ .body = sts("AssumeRole", "ASIA1", 60) });
    ck_assert_str_eq(asked("us-west-2"), "");
    ck_assert_msg(strstr(got_err, "sts.us-west-2"), "%s", got_err);
    fake_host_run(fake, 5000);
    ck_assert_str_eq(asked("us-east-1"), "ASIA1");
    ck_assert_uint_eq(fake_host_requests(fake), 3);
}
END_TEST

START_TEST(a_refused_role_is_not_tried_elsewhere_and_says_why)
{
    role_profile();
    fake_host_reply(fake, "sts.",
                    (struct fake_reply){ .status = 403,
                                         .always = true,
                                         .body = "<ErrorResponse><Error><Code>AccessDenied</Code>"
                                                 "<Message>not you</Message></Error>"
                                                 "</ErrorResponse>" });
    (void)asked("us-east-1");
    fake_host_run(fake, 60000);
    ck_assert_str_eq(asked("us-west-2"), "");
    ck_assert_uint_eq(fake_host_requests(fake), 2);
    ck_assert(strstr(got_err, "arn:aws:iam::1:role/dr") &&
              strstr(got_err, "AccessDenied: not you"));
    ck_assert_msg(strstr(got_err, "profile 'ops'"), "%s", got_err);
}
END_TEST

START_TEST(a_chain_of_roles_is_walked_from_its_root)
{
    fake_host_file(fake, "/h/.aws/config",
                   "[profile a]\nrole_arn=arn:a\nsource_profile=b\n"
                   "[profile b]\nrole_arn=arn:b\ncredential_source=environment\n");
    fake_host_env(fake, "AWS_PROFILE", "a");
    env_keys();
    struct evac_arg item = { EVAC_STR("profile"), EVAC_STR("a") };
    struct evac_args settings = { &item, 1 };
    use(&settings);
    fake_host_reply(fake, "arn%3Ab", (struct fake_reply){ .body = sts("AssumeRole", "ASIAB", 60) });
    fake_host_reply(fake, "arn%3Aa", (struct fake_reply){ .body = sts("AssumeRole", "ASIAA", 60) });
    ck_assert_str_eq(ask("us-west-2", 1000), "ASIAA");
    ck_assert(strstr(fake_host_request(fake, 0)->headers, "Credential=AKENV/"));
    ck_assert(strstr(fake_host_request(fake, 1)->headers, "Credential=ASIAB/"));
    ck_assert(strstr(fake_host_request(fake, 1)->headers, "X-Amz-Security-Token: tok-ASIAB"));
}
END_TEST

START_TEST(a_wrong_clock_does_not_keep_a_role_from_being_assumed)
{
    role_profile();
    fake_host_reply(fake, "sts.",
                    (struct fake_reply){ .status = 403,
                                         .headers = "Date: Fri, 02 Jan 2026 03:24:05 GMT",
                                         .body = "<ErrorResponse><Error><Code>"
                                                 "SignatureDoesNotMatch</Code></Error>"
                                                 "</ErrorResponse>" });
    fake_host_reply(fake, "sts.", (struct fake_reply){ .body = sts("AssumeRole", "ASIA1", 60) });
    ck_assert_str_eq(asked("us-west-2"), "ASIA1");
    ck_assert_str_eq(fake_request_header(fake_host_request(fake, 1), "x-amz-date"),
                     "20260102T032405Z");
}
END_TEST

START_TEST(a_web_identity_is_exchanged_without_a_signature_and_its_file_read_each_time)
{
    fake_host_env(fake, "AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token");
    fake_host_env(fake, "AWS_ROLE_ARN", "arn:aws:iam::1:role/pod");
    fake_host_file(fake, "/var/token", "jwt.one\n");
    fake_host_reply(fake, "jwt.one",
                    (struct fake_reply){ .body = sts("AssumeRoleWithWebIdentity", "ASIA1", 60) });
    fake_host_reply(fake, "jwt.two",
                    (struct fake_reply){ .body = sts("AssumeRoleWithWebIdentity", "ASIA2", 120) });
    ck_assert_str_eq(asked("us-west-2"), "ASIA1");
    ck_assert_str_eq(fake_request_header(fake_host_request(fake, 0), "authorization"), "");
    fake_host_file(fake, "/var/token", "jwt.two\n");
    fake_host_run(fake, 50 * MINUTE);
    ck_assert_str_eq(asked("us-west-2"), "ASIA2");
}
END_TEST

START_TEST(a_missing_web_identity_token_is_named)
{
    fake_host_env(fake, "AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token");
    fake_host_env(fake, "AWS_ROLE_ARN", "arn:aws:iam::1:role/pod");
    ck_assert_str_eq(asked("us-west-2"), "");
    ck_assert_msg(strstr(got_err, "/var/token"), "%s", got_err);
}
END_TEST

/* --- programs --- */

static void process_profile(const char *command)
{
    fake_host_file(fake, "/h/.aws/config",
                   evac_arena_printf(arena, "[default]\ncredential_process = %s\n", command).p);
}

START_TEST(a_program_gives_keys_without_a_shell)
{
    process_profile("/opt/bin/creds --role \"a b\" 'c\\d' e\\ f \"q\\\"q\" $HOME ''");
    fake_host_exec(fake, "/opt/bin/creds|--role|a b|c\\d|e f|q\"q|$HOME|", 0,
                   json("AKPROC", "SessionToken", NULL), "");
    ck_assert_str_eq(asked("r"), "AKPROC");
    ck_assert_str_eq(got_token, "tok");
}
END_TEST

START_TEST(a_bare_name_is_found_by_path)
{
    process_profile("creds x");
    fake_host_exec(fake, "/usr/bin/env|creds|x", 0, json("AKPROC", "SessionToken", NULL), "");
    ck_assert_str_eq(asked("r"), "AKPROC");
}
END_TEST

/* clang-format off */
static const struct {
    const char *command;
    int exit_status;
    const char *output, *errors, *says;
} programs[] = {
    { "/x", 3, SECRET, "no ticket\nsecond line", "status 3: no ticket" },
    { "/x", -1, "", "", "could not be started" },
    { "/x", 0, SECRET, "", "not JSON" },
    { "/x", 0, "{\"Version\":2}", "", "Version is 2" },
    { "/x", 0, "{\"Version\":1,\"AccessKeyId\":\"A\"}", "", "secret access key is missing" },
    { "/x", 0, "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"" SECRET "\",\"Expiration\":\"soon\"}", "", "not a time" },
    { "/x", 0, "{\"Version\":1,\"AccessKeyId\":\"A\\nB\",\"SecretAccessKey\":\"" SECRET "\"}", "", "not a word" },
    { "/x \"open", 0, "", "", "not closed" },
    { "bin/x", 0, "", "", "neither an absolute path" },
};
/* clang-format on */

START_TEST(a_program_that_fails_is_named_and_its_output_is_not_shown)
{
    process_profile(programs[_i].command);
    fake_host_exec(fake, "/x", programs[_i].exit_status, programs[_i].output, programs[_i].errors);
    ck_assert_str_eq(asked("r"), "");
    ck_assert_msg(strstr(got_err, programs[_i].says) && strstr(got_err, "credential_process"), "%s",
                  got_err);
}
END_TEST

/* --- containers --- */

static const struct {
    const char *url;
    bool allowed;
} container_urls[] = {
    { "http://169.254.170.2/x", true },
    { "http://169.254.170.23/v1", true },
    { "http://[fd00:ec2::23]/v1", true },
    { "http://127.0.0.1:8080/", true },
    { "http://127.9.9.9/", true },
    { "http://[::1]/", true },
    { "http://localhost/x", true },
    { "https://anything.example/", true },
    { "http://anything.example/", false },
    { "http://169.254.169.254/", false },
    { "http://127.0.0.1.example/", false },
    { "http://10.0.0.1/", false },
    { "ftp://127.0.0.1/", false },
    { "http://a@127.0.0.1/", false },
    { "", false },
};

START_TEST(a_containers_credentials_are_asked_only_where_aws_allows)
{
    ck_assert_msg(evac_container_url_allowed(evac_str(container_urls[_i].url)) ==
                      container_urls[_i].allowed,
                  "%s", container_urls[_i].url);
}
END_TEST

START_TEST(a_container_gives_keys_and_its_token_is_read_each_time)
{
    fake_host_env(fake, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1");
    fake_host_env(fake, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/tok");
    fake_host_file(fake, "/tok", "one\n");
    fake_host_reply(fake, "one",
                    (struct fake_reply){ .body = json("AK1", "Token", "2026-01-02T04:04:05Z") });
    fake_host_reply(fake, "two",
                    (struct fake_reply){ .body = json("AK2", "Token", "2026-01-02T06:04:05Z") });
    ck_assert_str_eq(asked("r"), "AK1");
    ck_assert_str_eq(fake_request_header(fake_host_request(fake, 0), "Authorization"), "one");
    fake_host_file(fake, "/tok", "two\n");
    fake_host_run(fake, 46 * MINUTE);
    ck_assert_str_eq(asked("r"), "AK2");
}
END_TEST

START_TEST(a_container_is_asked_three_times_and_nobody_else_instead)
{
    fake_host_env(fake, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/creds");
    fake_host_reply(fake, "http://169.254.170.2/v2/creds",
                    (struct fake_reply){ .status = 500, .always = true });
    ck_assert_str_eq(asked("r"), "");
    ck_assert_uint_eq(fake_host_requests(fake), 3);
    ck_assert_uint_ge(fake_host_request(fake, 1)->at_ms, 1000);
    ck_assert_msg(strstr(got_err, "169.254.170.2") && strstr(got_err, "status 500"), "%s", got_err);
}
END_TEST

START_TEST(a_containers_token_with_a_line_break_is_refused)
{
    fake_host_env(fake, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/");
    fake_host_env(fake, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nX-Evil: 1");
    ck_assert_str_eq(asked("r"), "");
    ck_assert(strstr(got_err, "line break"));
    ck_assert_uint_eq(fake_host_requests(fake), 0);
}
END_TEST

/* --- instance metadata --- */

#define ROLES "/latest/meta-data/iam/security-credentials/"

START_TEST(instance_metadata_is_asked_with_a_session_token)
{
    fake_host_reply(fake, "PUT http://169.254.169.254/latest/api/token",
                    (struct fake_reply){ .body = "session" });
    fake_host_reply(fake, "GET http://169.254.169.254" ROLES "\n",
                    (struct fake_reply){ .body = "dr-role\n" });
    fake_host_reply(fake, ROLES "dr-role",
                    (struct fake_reply){ .body = json("AKI", "Token", "2026-01-02T09:04:05Z") });
    ck_assert_str_eq(asked("r"), "AKI");
    ck_assert_uint_eq(fake_host_requests(fake), 3);
    ck_assert_str_eq(
        fake_request_header(fake_host_request(fake, 0), "x-aws-ec2-metadata-token-ttl-seconds"),
        "21600");
    for (size_t i = 1; i < 3; i++)
        ck_assert_str_eq(
            fake_request_header(fake_host_request(fake, i), "x-aws-ec2-metadata-token"), "session");
    ck_assert_uint_eq(fake_host_request(fake, 0)->total_ms, 1000);
}
END_TEST

/* Refused, not there, not allowed, mute, empty, two lines: each time nothing is asked without it.
 */
static const struct fake_reply no_tokens[] = {
    { .status = 403, .always = true },
    { .status = 404, .always = true },
    { .status = 405, .always = true },
    { .fate = EVAC_HTTP_NOT_SENT, .error = "no route", .always = true },
    { .body = "", .always = true },
    { .body = "two\r\nlines", .always = true },
};

START_TEST(without_a_session_token_instance_metadata_is_not_asked)
{
    struct evac_arg item = { EVAC_STR("imds_v1"), EVAC_STR("true") };
    struct evac_args settings = { &item, 1u }; /* there is no such setting any more */
    fake_host_reply(fake, "PUT", no_tokens[_i]);
    fake_host_reply(fake, ROLES "\n", (struct fake_reply){ .body = "dr-role" });
    fake_host_reply(fake, ROLES "dr-role",
                    (struct fake_reply){ .body = json("AKI", "Token", "2026-01-02T09:04:05Z") });
    use(&settings);
    ck_assert_str_eq(ask("r", 10000), "");
    for (size_t i = 0; i < fake_host_requests(fake); i++)
        ck_assert_str_eq(fake_host_request(fake, i)->method, "PUT");
    ck_assert_msg(strstr(got_err, "session token"), "%s", got_err);
}
END_TEST

static const struct {
    const char *url;
    bool good;
} metadata_at[] = {
    { "http://169.254.169.254", true },   { "http://[fd00:ec2::254]/", true },
    { "http://127.0.0.1:1338", true },    { "http://localhost:1338", true },
    { "https://imds.example.com", true }, { "http://169.254.169.253", false },
    { "http://imds.example.com", false }, { "http://127.evil.example.com", false },
    { "ftp://169.254.169.254", false },
};

START_TEST(instance_metadata_is_asked_only_where_nobody_listens_in)
{
    fake_host_env(fake, "AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata_at[_i].url);
    fake_host_reply(fake, "PUT", (struct fake_reply){ .status = 403, .always = true });
    use(NULL);
    ck_assert_str_eq(ask("r", 10000), "");
    ck_assert_int_eq(fake_host_requests(fake) > 0, metadata_at[_i].good);
    ck_assert_int_eq(strstr(got_err, "is refused: https, loopback") != NULL, !metadata_at[_i].good);
}
END_TEST

START_TEST(an_instance_without_a_role_says_so)
{
    fake_host_reply(fake, "PUT", (struct fake_reply){ .body = "session", .always = true });
    fake_host_reply(fake, ROLES, (struct fake_reply){ .status = 404, .always = true });
    ck_assert_str_eq(asked("r"), "");
    ck_assert_msg(strstr(got_err, "no role"), "%s", got_err);
}
END_TEST

/* --- staying fresh --- */

static void assumed(unsigned minutes)
{
    role_profile();
    fake_host_reply(fake, "sts.us-west-2",
                    (struct fake_reply){ .body = sts("AssumeRole", "ASIA1", minutes) });
    ck_assert_str_eq(asked("us-west-2"), "ASIA1");
}

START_TEST(keys_are_renewed_a_quarter_hour_before_they_end_without_being_asked)
{
    assumed(60);
    fake_host_reply(fake, "sts.", (struct fake_reply){ .body = sts("AssumeRole", "ASIA2", 120) });
    fake_host_run(fake, 44 * MINUTE);
    ck_assert_uint_eq(fake_host_requests(fake), 1);
    fake_host_run(fake, 2 * MINUTE);
    ck_assert_uint_eq(fake_host_requests(fake), 2);
    ck_assert_str_eq(asked("us-west-2"), "ASIA2");
}
END_TEST

START_TEST(keys_of_a_short_life_are_not_renewed_all_the_time)
{
    assumed(15);
    fake_host_reply(fake, "sts.", (struct fake_reply){ .body = sts("AssumeRole", "ASIA2", 30) });
    for (int i = 0; i < 9; i++) {
        fake_host_run(fake, MINUTE);
        ck_assert_str_eq(asked("us-west-2"), "ASIA1");
    }
    ck_assert_uint_eq(fake_host_requests(fake), 1);
    fake_host_run(fake, 2 * MINUTE);
    ck_assert_str_eq(asked("us-west-2"), "ASIA2");
}
END_TEST

START_TEST(while_a_renewal_runs_calls_go_on_with_the_old_keys)
{
    assumed(60);
    fake_host_reply(
        fake, "sts.",
        (struct fake_reply){ .body = sts("AssumeRole", "ASIA2", 120), .delay_ms = 4000 });
    fake_host_run(fake, 44 * MINUTE + 31000); /* and half a minute in assumed() */
    ck_assert_uint_eq(fake_host_requests(fake), 2);
    for (int i = 0; i < 5; i++)
        ck_assert_str_eq(ask("us-west-2", 0), "ASIA1");
    ck_assert_uint_eq(fake_host_requests(fake), 2);
    fake_host_run(fake, 5000);
    ck_assert_str_eq(ask("us-west-2", 0), "ASIA2");
}
END_TEST

START_TEST(when_no_renewal_succeeds_even_expired_keys_are_still_tried)
{
    assumed(60);
    fake_host_reply(fake, "sts.", (struct fake_reply){ .fate = EVAC_HTTP_LOST, .always = true });
    fake_host_run(fake, 59 * MINUTE);
    size_t by_then = fake_host_requests(fake);
    ck_assert_uint_ge(by_then, 20); /* a try a minute or so, then one every ten seconds */
    ck_assert_uint_le(by_then, 80);
    ck_assert_str_eq(ask("us-west-2", 0), "ASIA1");
    fake_host_run(fake, 120 * MINUTE);
    ck_assert_str_eq(ask("us-west-2", 10000), "ASIA1");
    ck_assert_uint_gt(fake_host_requests(fake), by_then);
}
END_TEST

START_TEST(a_region_that_comes_back_gives_new_keys_within_half_a_minute)
{
    assumed(60);
    for (int i = 0; i < 30; i++)
        fake_host_reply(fake, "sts.", (struct fake_reply){ .fate = EVAC_HTTP_NOT_SENT });
    fake_host_run(fake, 70 * MINUTE);
    fake_host_reply(fake, "sts.", (struct fake_reply){ .body = sts("AssumeRole", "ASIA2", 180) });
    fake_host_run(fake, MINUTE / 2);
    ck_assert_str_eq(ask("us-west-2", 0), "ASIA2");
}
END_TEST

START_TEST(expired_keys_that_aws_itself_hands_out_are_used)
{
    fake_host_reply(fake, "PUT", (struct fake_reply){ .body = "session", .always = true });
    fake_host_reply(fake, ROLES "\n", (struct fake_reply){ .body = "dr-role", .always = true });
    fake_host_reply(fake, ROLES "dr-role",
                    (struct fake_reply){ .body = json("AKI", "Token", "2026-01-02T02:04:05Z"),
                                         .always = true });
    ck_assert_str_eq(asked("r"), "AKI");
    size_t before = fake_host_requests(fake);
    fake_host_run(fake, 16 * MINUTE);
    ck_assert_str_eq(ask("r", 0), "AKI");
    ck_assert_uint_eq(fake_host_requests(fake), before);
    fake_host_run(fake, 10 * MINUTE);
    ck_assert_uint_gt(fake_host_requests(fake), before);
}
END_TEST

START_TEST(one_refresher_serves_all_who_wait)
{
    const struct evac_aws_keys *keys;
    role_profile();
    use(NULL);
    fake_host_reply(fake, "sts.",
                    (struct fake_reply){ .body = sts("AssumeRole", "ASIA1", 60), .delay_ms = 300 });
    for (size_t i = 0; i < EVAC_CREDENTIALS_MAX_WAITERS; i++)
        ck_assert_int_eq(
            evac_credentials_get(credentials, EVAC_STR("us-west-2"), on_ready, NULL, &keys, NULL),
            EVAC_OK);
    struct evac_err err = { 0 };
    ck_assert_int_eq(
        evac_credentials_get(credentials, EVAC_STR("us-west-2"), on_ready, NULL, &keys, &err),
        EVAC_E_BUSY);
    ck_assert_msg(strstr(err.text, "1000"), "%s", err.text);
    fake_host_run(fake, 1000);
    ck_assert_uint_eq(told, EVAC_CREDENTIALS_MAX_WAITERS);
    ck_assert_str_eq(got_id, "ASIA1");
    ck_assert_uint_eq(fake_host_requests(fake), 1);
}
END_TEST

START_TEST(after_a_failure_there_is_a_pause_in_which_the_error_is_told_at_once)
{
    role_profile();
    fake_host_reply(fake, "sts.", (struct fake_reply){ .fate = EVAC_HTTP_LOST, .always = true });
    (void)asked("us-west-2");
    struct evac_err err = { 0 };
    const struct evac_aws_keys *keys;
    size_t made = fake_host_requests(fake);
    fake_host_run(fake, 60000);
    ck_assert_uint_eq(fake_host_requests(fake),
                      made); /* nobody asked, and there is nothing to keep */
    ck_assert_int_eq(
        evac_credentials_get(credentials, EVAC_STR("us-west-2"), on_ready, NULL, &keys, &err),
        EVAC_OK);
    fake_host_run(fake, 10);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(
            evac_credentials_get(credentials, EVAC_STR("us-west-2"), on_ready, NULL, &keys, &err),
            EVAC_E_AUTH);
    ck_assert_uint_eq(fake_host_requests(fake), made + 1);
}
END_TEST

START_TEST(keys_that_aws_no_longer_takes_are_looked_for_anew)
{
    static const char old[] = "[default]\naws_access_key_id = AKOLD\naws_secret_access_key = s\n";
    static const char new[] = "[default]\naws_access_key_id = AKNEW\naws_secret_access_key = s\n";
    fake_host_file(fake, "/h/.aws/credentials", old);
    ck_assert_str_eq(asked("r"), "AKOLD");
    fake_host_file(fake, "/h/.aws/credentials", new);
    ck_assert_str_eq(asked("r"), "AKOLD");
    evac_credentials_rejected(credentials);
    ck_assert_str_eq(asked("r"), "AKNEW");
    fake_host_file(fake, "/h/.aws/credentials", "broken");
    fake_host_run(fake, MINUTE);
    evac_credentials_rejected(credentials);
    ck_assert_str_eq(asked("r"), "AKNEW");
}
END_TEST

START_TEST(a_jump_of_the_wall_clock_renews_what_it_calls_old)
{
    assumed(60);
    fake_host_reply(fake, "sts.", (struct fake_reply){ .body = sts("AssumeRole", "ASIA2", 400) });
    fake_host_wall(fake, 1767323045000 + 300 * (int64_t)MINUTE);
    ck_assert_str_eq(ask("us-west-2", 1000), "ASIA2");
}
END_TEST

START_TEST(freed_in_the_middle_of_a_renewal_it_is_silent)
{
    const struct evac_aws_keys *keys;
    role_profile();
    use(NULL);
    fake_host_reply(fake, "sts.",
                    (struct fake_reply){ .body = sts("AssumeRole", "ASIA1", 60), .delay_ms = 300 });
    (void)evac_credentials_get(credentials, EVAC_STR("us-west-2"), on_ready, NULL, &keys, NULL);
    evac_credentials_free(credentials);
    evac_aws_io_free(io);
    credentials = NULL;
    io = NULL;
    fake_host_run(fake, 1000);
    ck_assert_uint_eq(told, 0);
}
END_TEST

START_TEST(configuration_in_memory_keeps_no_secret)
{
    struct evac_aws_config config;
    fake_host_file(fake, "/h/.aws/credentials",
                   "[default]\naws_access_key_id = A\naws_secret_access_key = " SECRET "\n"
                   "aws_session_token = " SECRET "\n");
    ck_assert_int_eq(evac_aws_config_load(fake_host_table(fake), NULL, arena, &config, NULL),
                     EVAC_OK);
    struct evac_str before =
        evac_ini_get(config.credentials, EVAC_STR("default"), "aws_secret_access_key");
    ck_assert(evac_str_is(before, SECRET));
    evac_aws_config_wipe(&config);
    ck_assert(!evac_str_has(before, "SECRET"));
    ck_assert(!evac_str_has(
        evac_ini_get(config.credentials, EVAC_STR("default"), "aws_session_token"), "SECRET"));
}
END_TEST

START_TEST(a_file_cut_anywhere_is_read_or_refused_with_its_line)
{
    static const char text[] = "# c\n[profile  'a b'] ; x\nk = v # c\ns3 =\n  x = y\n  z = 1\n"
                               "long = a\n  b\n[default]\n";
    for (size_t n = 0; n < sizeof text; n++) {
        const struct evac_ini *ini = NULL;
        struct evac_err err = { 0 };
        struct evac_str cut = evac_arena_str(arena, (struct evac_str){ text, n });
        if (evac_ini_parse(cut, "file", arena, &ini, &err) != EVAC_OK)
            ck_assert_msg(strstr(err.text, "file, line"), "%s", err.text);
    }
    const struct evac_ini *ini = NULL;
    ck_assert_int_eq(evac_ini_parse(EVAC_STR(text), "file", arena, &ini, NULL), EVAC_OK);
    struct evac_str section = EVAC_STR("profile a b");
    ck_assert(evac_str_is(evac_ini_get(ini, section, "k"), "v"));
    ck_assert(evac_str_is(evac_ini_get(ini, section, "s3.z"), "1"));
    ck_assert(evac_str_is(evac_ini_get(ini, section, "long"), "a\nb"));
    ck_assert(evac_ini_has(ini, EVAC_STR("default")));
    ck_assert(!evac_ini_has(ini, EVAC_STR("other")));
}
END_TEST

static void add_sources(TCase *tc)
{
    tcase_add_test(tc, the_controllers_own_keys_come_first);
    tcase_add_test(tc, the_environment_comes_before_a_profile_of_the_environment);
    tcase_add_test(tc, a_profile_of_the_settings_comes_before_the_environment);
    tcase_add_loop_test(tc, files_are_read_as_aws_reads_them, 0, COUNT(files));
    tcase_add_test(tc, a_chain_of_roles_that_is_too_long_is_refused);
    tcase_add_test(tc, a_key_without_its_secret_is_an_error_not_a_reason_to_look_on);
    tcase_add_test(tc, a_role_is_assumed_at_the_sts_of_the_calls_own_region);
    tcase_add_test(tc, sts_region_pins_where_roles_are_assumed);
    tcase_add_test(tc, an_sts_that_is_gone_is_replaced_by_that_of_another_region_in_use);
    tcase_add_test(tc, a_refused_role_is_not_tried_elsewhere_and_says_why);
    tcase_add_test(tc, a_chain_of_roles_is_walked_from_its_root);
    tcase_add_test(tc, a_wrong_clock_does_not_keep_a_role_from_being_assumed);
    tcase_add_test(tc, a_web_identity_is_exchanged_without_a_signature_and_its_file_read_each_time);
    tcase_add_test(tc, a_missing_web_identity_token_is_named);
    tcase_add_test(tc, a_program_gives_keys_without_a_shell);
    tcase_add_test(tc, a_bare_name_is_found_by_path);
    tcase_add_loop_test(tc, a_program_that_fails_is_named_and_its_output_is_not_shown, 0,
                        COUNT(programs));
    tcase_add_loop_test(tc, a_containers_credentials_are_asked_only_where_aws_allows, 0,
                        COUNT(container_urls));
    tcase_add_test(tc, a_container_gives_keys_and_its_token_is_read_each_time);
    tcase_add_test(tc, a_container_is_asked_three_times_and_nobody_else_instead);
    tcase_add_test(tc, a_containers_token_with_a_line_break_is_refused);
    tcase_add_test(tc, instance_metadata_is_asked_with_a_session_token);
    tcase_add_loop_test(tc, without_a_session_token_instance_metadata_is_not_asked, 0,
                        sizeof no_tokens / sizeof no_tokens[0]);
    tcase_add_loop_test(tc, instance_metadata_is_asked_only_where_nobody_listens_in, 0,
                        sizeof metadata_at / sizeof metadata_at[0]);
    tcase_add_test(tc, an_instance_without_a_role_says_so);
}

static void make_cases(Suite *suite)
{
    TCase *tc = tcase_create("credentials");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    add_sources(tc);
    tcase_add_test(tc, keys_are_renewed_a_quarter_hour_before_they_end_without_being_asked);
    tcase_add_test(tc, keys_of_a_short_life_are_not_renewed_all_the_time);
    tcase_add_test(tc, while_a_renewal_runs_calls_go_on_with_the_old_keys);
    tcase_add_test(tc, when_no_renewal_succeeds_even_expired_keys_are_still_tried);
    tcase_add_test(tc, a_region_that_comes_back_gives_new_keys_within_half_a_minute);
    tcase_add_test(tc, expired_keys_that_aws_itself_hands_out_are_used);
    tcase_add_test(tc, one_refresher_serves_all_who_wait);
    tcase_add_test(tc, after_a_failure_there_is_a_pause_in_which_the_error_is_told_at_once);
    tcase_add_test(tc, keys_that_aws_no_longer_takes_are_looked_for_anew);
    tcase_add_test(tc, a_jump_of_the_wall_clock_renews_what_it_calls_old);
    tcase_add_test(tc, freed_in_the_middle_of_a_renewal_it_is_silent);
    tcase_add_test(tc, configuration_in_memory_keeps_no_secret);
    tcase_add_test(tc, a_file_cut_anywhere_is_read_or_refused_with_its_line);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("credentials", make_cases)
