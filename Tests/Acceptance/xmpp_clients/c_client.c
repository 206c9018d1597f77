/* A device of libstrophe.
 * usage: c_client PORT ADDRESS PASSWORD legacy,plain,direct
 * Says "ready ADDRESS", "got ID TEXT" for each push, which it confirms, and "refused WHY". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>

static void answer(xmpp_conn_t *connection, xmpp_stanza_t *answer)
{
    xmpp_send(connection, answer);
    xmpp_stanza_release(answer);
}

static void say_got(xmpp_conn_t *connection, xmpp_stanza_t *stanza, xmpp_stanza_t *holder)
{
    char *text = xmpp_stanza_get_text(holder);
    printf("got %s %s\n", xmpp_stanza_get_id(stanza), text);
    xmpp_free(xmpp_conn_get_context(connection), text);
}

static int on_notification(xmpp_conn_t *connection, xmpp_stanza_t *stanza, void *unused)
{
    (void)unused;
    xmpp_stanza_t *notification = xmpp_stanza_get_child_by_name(stanza, "notification");
    if (!notification) return 1;
    say_got(connection, stanza, xmpp_stanza_get_child_by_name(notification, "message"));
    answer(connection, xmpp_iq_new(xmpp_conn_get_context(connection), "result", xmpp_stanza_get_id(stanza)));
    return 1;
}

static int on_message(xmpp_conn_t *connection, xmpp_stanza_t *stanza, void *unused)
{
    (void)unused;
    xmpp_ctx_t *context = xmpp_conn_get_context(connection);
    xmpp_stanza_t *body = xmpp_stanza_get_child_by_name(stanza, "body");
    if (!body) return 1;
    say_got(connection, stanza, body);

    xmpp_stanza_t *receipt = xmpp_stanza_new(context);
    xmpp_stanza_set_name(receipt, "received");
    xmpp_stanza_set_ns(receipt, "urn:xmpp:receipts");
    xmpp_stanza_set_attribute(receipt, "id", xmpp_stanza_get_id(stanza));
    xmpp_stanza_t *message = xmpp_message_new(context, NULL, xmpp_stanza_get_from(stanza), NULL);
    xmpp_stanza_add_child(message, receipt);
    xmpp_stanza_release(receipt);
    answer(connection, message);
    return 1;
}

static int on_presence(xmpp_conn_t *connection, xmpp_stanza_t *stanza, void *unused)
{
    (void)connection, (void)unused;
    printf("ready %s\n", xmpp_stanza_get_to(stanza));
    return 1;
}

static void on_connection(xmpp_conn_t *connection, xmpp_conn_event_t event, int code, xmpp_stream_error_t *error,
                          void *unused)
{
    (void)unused;
    if (event != XMPP_CONN_CONNECT) {
        printf("refused %d %d\n", code, error ? (int)error->type : -1);
        xmpp_stop(xmpp_conn_get_context(connection));
        return;
    }
    xmpp_handler_add(connection, on_notification, NULL, "iq", "set", NULL);
    xmpp_handler_add(connection, on_message, NULL, "message", NULL, NULL);
    xmpp_handler_add(connection, on_presence, NULL, "presence", NULL, NULL);
    answer(connection, xmpp_presence_new(xmpp_conn_get_context(connection)));
}

/* Whoever made the certificate, it is the one for this test. */
static int on_certificate(const xmpp_tlscert_t *certificate, const char *reason)
{
    (void)certificate, (void)reason;
    return 1;
}

int main(int count, char **arguments)
{
    if (count != 5) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *how = arguments[4];
    long flags = 0;
    if (strstr(how, "legacy")) flags |= XMPP_CONN_FLAG_LEGACY_AUTH;
    if (strstr(how, "plain")) flags |= XMPP_CONN_FLAG_DISABLE_TLS;
    else if (strstr(how, "direct")) flags |= XMPP_CONN_FLAG_LEGACY_SSL;
    else flags |= XMPP_CONN_FLAG_MANDATORY_TLS;

    xmpp_initialize();
    xmpp_ctx_t *context = xmpp_ctx_new(NULL, getenv("DEBUG") ? xmpp_get_default_logger(XMPP_LEVEL_DEBUG) : NULL);
    xmpp_conn_t *connection = xmpp_conn_new(context);
    if (xmpp_conn_set_flags(connection, flags) != XMPP_EOK) return 2;
    xmpp_conn_set_certfail_handler(connection, on_certificate);
    xmpp_conn_set_jid(connection, arguments[2]);
    xmpp_conn_set_pass(connection, arguments[3]);
    if (xmpp_connect_client(connection, "127.0.0.1", (unsigned short)atoi(arguments[1]), on_connection, NULL)) return 1;
    xmpp_run(context);
    return 0;
}
