/* What the two readers of YAML documents share. */
#ifndef VAULT_SOPS_YAML_H
#define VAULT_SOPS_YAML_H

#include "base/map.h"
#include "base/vec.h"
#include "vault/sops_tree.h"
#include "yaml/yaml_events.h"

struct sops_yaml_comment {
	uint32_t start, end;   /* behind the `#`, to the end of the line */
	uint32_t line, column; /* of the `#` */
	bool is_own_line;
	bool after_blank; /* a blank line before it */
	bool is_foot;     /* right below a value, and a blank line below it */
	bool is_under_marker; /* a foot right below `---` */
};

struct sops_yaml {
	struct sops_doc *doc;
	struct yaml_nodes nodes;
	size_t at;
	struct map anchors; /* name → struct sops_item of this document */
	VEC(struct sops_yaml_comment) comments;
};

/* Find all comments and put each into the map or list where sops has it. */
NODISCARD err *sops_yaml_comments(struct sops_yaml *y);

#endif
