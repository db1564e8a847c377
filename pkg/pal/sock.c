#include "base/base.h"
#include "pal/sock.h"

#include "base/num.h"
#include "pal/sock_impl.h"

void sock_address_clear(struct sock_address *address)
{
	mem_free(address->unix_path);
	mem_free(address->host);
	mem_free(address->port);
	*address = (struct sock_address){ 0 };
}

static err *bad_address(const char *text, const char *why)
{
	return err_hint(err_new(ERR_INVALID, "cannot use address '%s': %s", text, why),
	                "write it like 127.0.0.1:9090, [::1]:9090 or unix:/run/fettle.sock");
}

err *sock_address_parse(const char *text, struct sock_address *ret_address)
{
	static const char unix_prefix[] = "unix:";
	struct sock_address found = { 0 };
	uint64_t port;

	if (str_starts(text, unix_prefix)) {
		const char *path = text + strlen(unix_prefix);
		if (!*path)
			return bad_address(text, "the path is missing");
		found.unix_path = mem_strdup(path);
		sock_address_clear(ret_address);
		*ret_address = found;
		return NULL;
	}

	const char *colon = strrchr(text, ':');
	if (!colon)
		return bad_address(text, "the port is missing");
	if (!num_parse_u64(colon + 1, strlen(colon + 1), 10, &port) || port > 65535)
		return bad_address(text, "the port is not a number from 0 to 65535");
	struct view host = { text, (size_t)(colon - text) };
	bool is_bracketed = host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
	if (is_bracketed)
		host = (struct view){ host.ptr + 1, host.len - 2 };
	else if (memchr(host.ptr, ':', host.len))
		return bad_address(text, "an IPv6 address needs brackets");
	found.host = host.len ? mem_strndup(host.ptr, host.len) : mem_strdup("127.0.0.1");
	found.port = mem_strdup(colon + 1);
	sock_address_clear(ret_address);
	*ret_address = found;
	return NULL;
}
