// The table of helpers, and which of them a program's name means: as src/wire/helper-table.ts.

#include "client.h"

#include <string.h>

// Generated from src/wire/helper-table.ts: `static const struct helper helpers[]`, ended by a name that is NULL.
#include "helpers.h"

const struct helper *helper_by_name(const char *name) {
  for (const struct helper *helper = helpers; helper->name != NULL; helper++) {
    if (equal(helper->name, name)) return helper;
  }
  return NULL;
}

const struct helper *helper_by_program(const char *program, const char **first) {
  for (const struct helper *helper = helpers; helper->name != NULL; helper++) {
    for (const char *const *each = helper->programs; *each != NULL; each++) {
      if (equal(program, *each)) return helper;
    }
  }
  for (const struct helper *helper = helpers; helper->name != NULL; helper++) {
    for (const char *const *each = helper->programs; *each != NULL; each++) {
      size_t length = strlen(*each);
      bool is_longer = starts_with(program, *each) && program[length] == '-' && program[length + 1] != '\0';
      if (strstr(*each, "authsock") == NULL || !is_longer) continue;
      *first = program + length + 1;
      return helper;
    }
  }
  return NULL;
}
