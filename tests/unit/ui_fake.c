#include "base/base.h"

#include "ui_fake.h"

static int fake_write(void *data, int stream, const char *ptr, size_t len)
{
	struct fake *fake = data;
	if (stream == 1 && fake->write_error)
		return fake->write_error;
	str_add(stream == 1 ? &fake->out : &fake->talk, ptr, len);
	return 0;
}

static bool fake_is_terminal(void *data, int stream)
{
	return ((struct fake *)data)->is_terminal[stream];
}

static bool fake_is_foreground(void *data)
{
	(void)data;
	return true;
}

static size_t fake_columns(void *data)
{
	return ((struct fake *)data)->columns;
}

static err *fake_ask(void *data, const char *prompt, struct str *ret_line, bool *ret_is_end)
{
	struct fake *fake = data;
	str_addz(&fake->talk, prompt);
	if (fake->n_asked == fake->n_answers)
		*ret_is_end = true;
	else
		str_addz(ret_line, fake->answers[fake->n_asked++]);
	return NULL;
}

static int64_t fake_monotonic_ms(void *data)
{
	return ((struct fake *)data)->now_ms;
}

static int64_t fake_wall_ns(void *data)
{
	(void)data;
	return INT64_C(1795204800) * 1000000000;
}

static const char *fake_env(void *data, const char *name)
{
	const struct fake *fake = data;
	if (str_equal(name, "NO_COLOR"))
		return fake->no_color;
	return str_equal(name, "CLICOLOR_FORCE") ? fake->clicolor_force : NULL;
}

void fake_init(struct fake *fake)
{
	*fake = (struct fake){ .now_ms = 5000 };
	fake->io = (struct ui_io){
		fake,         fake_write, fake_is_terminal,  fake_is_terminal, fake_is_foreground,
		fake_columns, fake_ask,   fake_monotonic_ms, fake_wall_ns,     fake_env
	};
	str_init(&fake->out);
	str_init(&fake->talk);
	const struct ui_config config = { .io = &fake->io, .level = UI_LEVEL_INFO };
	fake->ui = ui_new(&config);
}

void fake_init_terminal(struct fake *fake)
{
	fake_init(fake);
	for (size_t i = 0; i < ARRAY_LEN(fake->is_terminal); i++)
		fake->is_terminal[i] = true;
	fake->columns = 60;
}

void fake_clear(struct fake *fake)
{
	ui_free(fake->ui);
	str_clear(&fake->out);
	str_clear(&fake->talk);
}
