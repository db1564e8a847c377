#include "base/base.h"

#include "tmpl/tmpl_private.h"

/* --- errors --- */

err *tmpl_error(const struct tmpl *tmpl, size_t at, const char *fmt, ...)
{
	AUTO(str) text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&text, fmt, args);
	va_end(args);
	size_t where = MIN(at, tmpl->text.len);
	return err_source(err_new(ERR_INVALID, "%s", text.ptr), tmpl->name, tmpl->text.ptr,
	                  tmpl->text.len, where, where);
}

/* --- functions by flavour --- */

static const struct tmpl_func *find_in(const struct tmpl_func *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

/* consul-template has Sprig's functions under a name of their own. */
#define SPRIG_PREFIX "sprig_"

const struct tmpl_func *tmpl_find_function(enum tmpl_flavour flavour, const char *name)
{
	const struct tmpl_func *found = find_in(tmpl_builtins, name);
	if (found)
		return found;
	switch (flavour) {
	case TMPL_CONSUL_TEMPLATE:
		if (str_starts(name, SPRIG_PREFIX))
			return find_in(tmpl_sprig_functions, name + strlen(SPRIG_PREFIX));
		return find_in(tmpl_consul_functions, name);
	case TMPL_CONFD:
		return find_in(tmpl_confd_functions, name);
	default:
		found = find_in(tmpl_sprig_functions, name);
		return found ? found : find_in(tmpl_consul_functions, name);
	}
}

static void list_table(const struct tmpl_func *table, const char *prefix, struct strs *names)
{
	for (; table->name; table++)
		if (table->args[0] != '!')
			strs_pushf(names, "%s%s", prefix, table->name);
}

void tmpl_list_functions(enum tmpl_flavour flavour, struct strs *names)
{
	list_table(tmpl_builtins, "", names);
	if (flavour == TMPL_CONFD) {
		list_table(tmpl_confd_functions, "", names);
	} else {
		list_table(tmpl_consul_functions, "", names);
		list_table(tmpl_sprig_functions,
		           flavour == TMPL_CONSUL_TEMPLATE ? SPRIG_PREFIX : "", names);
	}
	strs_sort(names);
}

/* --- parsing and rendering --- */

static err *check(struct tmpl *tmpl)
{
	switch (tmpl->options.flavour) {
	case TMPL_MUSTACHE:
		return tmpl_mustache(NULL, tmpl, NULL, NULL);
	case TMPL_SHELL:
		return tmpl_shell(NULL, tmpl, NULL, NULL);
	default:
		return tmpl_parse_go(tmpl);
	}
}

err *tmpl_parse(const struct tmpl_options *options, const char *name, struct view text,
                struct tmpl **ret_tmpl)
{
	AUTOPTR(tmpl) tmpl = MEM_NEW(struct tmpl);
	arena_init(&tmpl->arena);
	if (text.len > TMPL_MAX_BYTES)
		return err_new(ERR_LIMIT, "the template '%s' is larger than %u bytes", name,
		               TMPL_MAX_BYTES);
	tmpl->options = *options;
	if (options->left_delim) {
		tmpl->options.left_delim = arena_strdup(&tmpl->arena, options->left_delim);
		tmpl->options.right_delim = arena_strdup(&tmpl->arena, options->right_delim);
	}
	if (options->missing == TMPL_MISSING_BY_FLAVOUR)
		tmpl->options.missing =
			options->flavour == TMPL_PLAIN || options->flavour == TMPL_SHELL
				? TMPL_MISSING_ERROR
				: TMPL_MISSING_NO_VALUE;
	tmpl->name = arena_strdup(&tmpl->arena, name);
	tmpl->text = (struct view){ arena_strndup(&tmpl->arena, text.ptr ? text.ptr : "", text.len),
		                    text.len };
	TRY(check(tmpl));
	*ret_tmpl = steal(&tmpl);
	return NULL;
}

void tmpl_free(struct tmpl *tmpl)
{
	if (!tmpl)
		return;
	arena_clear(&tmpl->arena);
	mem_free(tmpl);
}

const struct node_list *tmpl_definition(const struct tmpl *tmpl, const char *name)
{
	for (size_t i = 0; i < tmpl->definition_count; i++)
		if (strcmp(tmpl->definitions[i].name, name) == 0)
			return tmpl->definitions[i].body;
	return NULL;
}
