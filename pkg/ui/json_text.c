#include "base/base.h"

#include "ui/json_text.h"

#include "base/utf8.h"

static void add_control(struct str *out, char c)
{
	switch (c) {
	case '\n':
		str_addz(out, "\\n");
		break;
	case '\t':
		str_addz(out, "\\t");
		break;
	case '\r':
		str_addz(out, "\\r");
		break;
	default:
		str_addf(out, "\\u%04x", (unsigned)c);
	}
}

void json_text_add_bytes(struct str *out, const char *ptr, size_t len)
{
	str_addch(out, '"');
	for (size_t at = 0; at < len;) {
		uint32_t code;
		size_t size = utf8_decode(ptr + at, len - at, &code);
		char c = ptr[at];
		if (size == 0)
			str_addz(out, "\xef\xbf\xbd");
		else if (size > 1)
			str_add(out, ptr + at, size);
		else if (c == '"' || c == '\\')
			str_addf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			add_control(out, c);
		else
			str_addch(out, c);
		at += size ? size : 1;
	}
	str_addch(out, '"');
}

void json_text_add(struct str *out, const char *text)
{
	if (text)
		json_text_add_bytes(out, text, strlen(text));
	else
		str_addz(out, "null");
}
