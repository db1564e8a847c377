#include "base/base.h"

#include "ui/ui.h"

#include "pal/clock.h"
#include "ui/escape.h"
#include "ui/internal.h"
#include "ui/json_text.h"

struct level_look {
	const char *name;   /* in JSON */
	const char *prefix; /* in text */
	enum ui_style style;
};

static const struct level_look looks[] = {
	[UI_LEVEL_ERROR] = { "error", "error: ", UI_STYLE_ERROR },
	[UI_LEVEL_WARN] = { "warning", "warning: ", UI_STYLE_WARNING },
	[UI_LEVEL_INFO] = { "info", "", UI_PLAIN },
	[UI_LEVEL_DEBUG] = { "debug", "debug: ", UI_PLAIN },
	[UI_LEVEL_TRACE] = { "trace", "trace: ", UI_PLAIN },
};

/* Lines after the first are indented, so that content cannot pose as a message of ours. */
static void add_indented(struct str *out, const char *text, size_t len)
{
	struct view rest = { text, len }, line;
	for (bool is_first = true; view_split(&rest, '\n', &line); is_first = false) {
		if (!is_first)
			str_addz(out, "\n    ");
		escape_add(out, line.ptr, line.len, ESCAPE_KEEP_TABS);
	}
}

struct message {
	enum ui_level level;
	const struct ui_field *fields;
	size_t n_fields;
	struct view text;
};

static void add_text_line(struct ui *ui, const struct message *message, struct str *out)
{
	const struct level_look *look = &looks[message->level];
	if (*look->prefix) {
		str_addz(out, "fettle: ");
		ui_add_style(ui, UI_STDERR, look->style, out);
		str_addz(out, look->prefix);
		ui_add_plain(ui, UI_STDERR, look->style, out);
	}
	add_indented(out, message->text.ptr, message->text.len);
	for (size_t i = 0; i < message->n_fields; i++) {
		const struct ui_field *field = &message->fields[i];
		if (!field->value)
			continue;
		str_addf(out, " %s=", field->key);
		escape_add(out, field->value, strlen(field->value), 0);
	}
	str_addch(out, '\n');
}

static void add_json_line(struct ui *ui, const struct message *message, struct str *out)
{
	char time[CLOCK_TEXT_SIZE];
	clock_format_ms(ui->io.wall_ns(ui->io.data), time);
	str_addf(out, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", time,
	         looks[message->level].name);
	json_text_add_bytes(out, message->text.ptr, message->text.len);
	for (size_t i = 0; i < message->n_fields; i++) {
		if (!message->fields[i].value)
			continue;
		str_addch(out, ',');
		json_text_add(out, message->fields[i].key);
		str_addch(out, ':');
		json_text_add(out, message->fields[i].value);
	}
	str_addz(out, "}\n");
}

/* Fills in the text of `message`. */
static void say(struct ui *ui, struct message message, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));
static void say(struct ui *ui, struct message message, const char *fmt, va_list args)
{
	if (message.level > ui->config.level)
		return;
	AUTO(str) text = STR_INIT;
	AUTO(str) line = STR_INIT;
	str_addvf(&text, fmt, args);
	message.text = view_str(&text);
	if (ui->config.log_format == UI_LOG_JSON)
		add_json_line(ui, &message, &line);
	else
		add_text_line(ui, &message, &line);
	ui_say(ui, &line);
}

void ui_error(struct ui *ui, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say(ui, (struct message){ .level = UI_LEVEL_ERROR }, fmt, args);
	va_end(args);
}

void ui_warn(struct ui *ui, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say(ui, (struct message){ .level = UI_LEVEL_WARN }, fmt, args);
	va_end(args);
}

void ui_info(struct ui *ui, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say(ui, (struct message){ .level = UI_LEVEL_INFO }, fmt, args);
	va_end(args);
}

void ui_debug(struct ui *ui, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say(ui, (struct message){ .level = UI_LEVEL_DEBUG }, fmt, args);
	va_end(args);
}

void ui_trace(struct ui *ui, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say(ui, (struct message){ .level = UI_LEVEL_TRACE }, fmt, args);
	va_end(args);
}

void ui_log(struct ui *ui, enum ui_level level, const struct ui_field *fields, size_t n_fields,
            const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say(ui, (struct message){ level, fields, n_fields, { NULL, 0 } }, fmt, args);
	va_end(args);
}

void ui_hint(struct ui *ui, const char *fmt, ...)
{
	if (ui->config.log_format == UI_LOG_JSON || ui->config.level < UI_LEVEL_WARN)
		return;
	AUTO(str) text = STR_INIT;
	AUTO(str) line = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&text, fmt, args);
	va_end(args);
	str_addz(&line, "  hint: ");
	add_indented(&line, text.ptr, text.len);
	str_addch(&line, '\n');
	ui_say(ui, &line);
}
