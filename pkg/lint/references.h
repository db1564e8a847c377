/* What the files of the family `references` share: facts, wishes, and where their texts are. */
#ifndef LINT_REFERENCES_H
#define LINT_REFERENCES_H

#include "base/map.h"
#include "base/vec.h"
#include "lint/kube_object.h"
#include "lint/lint_patches.h"
#include "lint/lint_rule.h"
#include "pal/pool.h"

enum reference_rule {
	DANGLING_SERVICE,
	DANGLING_INGRESS,
	DANGLING_HPA,
	DANGLING_POLICY,
	DANGLING_PEER,
	DANGLING_MONITOR,
	MISSING_ACCOUNT,
	MISSING_CONFIG_MAP,
	MISSING_SECRET,
	MISSING_CLAIM,
	MISSING_PRIORITY_CLASS,
	MISSING_CONFIG_KEY,
	MISSING_SECRET_KEY,
	DUPLICATE_OBJECT,
	SELECTOR_OVERLAP,
	UNUSED_CONFIG_MAP,
	NO_NETWORK_POLICY,
	REFERENCE_RULES,
};

/*
 * All texts are kept once, so equal ones have one address. A list of labels ("key=value") or keys ends
 * with NULL.
 */
typedef const char *const *reference_texts;

/* An object of the repository. */
struct reference_fact {
	uint32_t file;
	uint32_t start, end; /* of its name */
	bool is_generated;   /* made by a kustomization or an operator, not written down */
	const char *kind, *group, *namespace_, *name;
	reference_texts pods;     /* labels of its pods; NULL: it has none */
	reference_texts labels;   /* its own, of a Service */
	reference_texts keys;     /* of a ConfigMap or Secret; NULL: not known */
	reference_texts selector; /* of a workload */
};

enum reference_need { NEED_OBJECT, NEED_PODS, NEED_SERVICE, NEED_KEY };

/* Something an object asks for. */
struct reference_wish {
	uint32_t file;
	uint32_t start, end;
	uint8_t rule;     /* enum reference_rule */
	uint8_t need;     /* enum reference_need */
	bool is_anywhere; /* in any namespace */
	const char *kind, *name, *key;
	reference_texts selector;
	const char *by_kind, *by_namespace, *by_name; /* the object that asks */
};

struct references {
	struct mutex *mutex;
	struct lint_patches *patches;
	struct arena arena;
	struct map texts;
	VEC(struct reference_fact) facts;
	VEC(struct reference_wish) wishes;
	struct map folders;   /* with a workload in them */
	struct map used_maps; /* names of ConfigMaps anything asks for */
	/* Made at the end: "kind/name", "key=value" of pods and of services → struct reference_list */
	struct map objects, pods, services;
};

/* A file's objects; under the lock. */
void references_collect(struct references *state, struct lint_file *file);

/* At the end. */
void references_judge(struct lint_run *run, struct references *state,
                      const struct lint_rule *rules);

#endif
