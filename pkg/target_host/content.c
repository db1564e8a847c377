#include "base/base.h"

#include "target_host/internal.h"

#include "base/limits.h"
#include "crypto/encode.h"

err *host_base64_decode(const struct val *v, struct arena *arena, struct view *ret_bytes)
{
	AUTO(str) bytes = STR_INIT;
	struct view text = { v->as.str.ptr, v->as.str.len };
	err *e = base64_decode(text, BASE64_LINES, &bytes);
	if (e)
		return val_place(e, v);
	*ret_bytes = (struct view){ arena_strndup(arena, bytes.ptr, bytes.len), bytes.len };
	return NULL;
}

static err *read_source(struct host *host, struct object_set *set, const struct object *object,
                        const struct val *reference, struct view *ret_content)
{
	const struct target_context *context = host->target.context;
	AUTO(str) text = STR_INIT;
	err *e = context->read_source(context->context, object, reference->as.str.ptr,
	                              LIMIT_CONTENT_BYTES, &text);
	if (e && err_is(e, ERR_NOT_FOUND))
		e = err_as(e, ERR_INVALID); /* the manifest is wrong, not the disk */
	if (e)
		return val_place(err_wrap(e, "cannot read contentFrom '%s'", reference->as.str.ptr),
		                 reference);
	*ret_content = (struct view){ arena_strndup(&set->arena, text.ptr, text.len), text.len };
	return NULL;
}

err *host_content_compile(struct host *host, struct object_set *set, const struct object *object,
                          const struct val *spec, struct view *ret_content, bool *ret_has)
{
	const struct val *text = val_get(spec, "content"), *from = val_get(spec, "contentFrom");
	const struct val *base64 = val_get(spec, "contentBase64");
	if (from)
		TRY(read_source(host, set, object, from, ret_content));
	else if (base64)
		TRY(host_base64_decode(base64, &set->arena, ret_content));
	else if (text)
		*ret_content = (struct view){ text->as.str.ptr, text->as.str.len };
	*ret_has = text || from || base64;
	return NULL;
}
