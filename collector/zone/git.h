/* The history of a zone file in git: one item per commit, as text with the file before and after. Pure. */
#ifndef AFD_ZONE_GIT_H
#define AFD_ZONE_GIT_H

#include "core/error.h"
#include "evidence/item.h"
#include "evidence/sink.h"

/* What `git log --format=AFD_GIT_FORMAT -z` says of one commit; borrowed. */
struct afd_git_commit {
	struct afd_slice id, tree, parents, author, author_mail, authored, committer, committer_mail, committed;
	struct afd_slice signature, key, fingerprint, signer, subject;   /* signature: G, B, U, X, Y, R, E, N (man git-log, %G?) */
};
#define AFD_GIT_FORMAT "%H%n%T%n%P%n%an%n%ae%n%aI%n%cn%n%ce%n%cI%n%G?%n%GK%n%GF%n%GS%n%s"
/* The next commit of a log. 1, 0 at the end, -1. */
int afd_git_next(struct afd_slice *log, struct afd_git_commit *ret, struct afd_error *err);
/* 40 or 64 hex digits in lower case */
bool afd_git_is_id(struct afd_slice s);

/* An entry of `git ls-tree -z`: "100644 blob ID\tPATH". 1: a file; 0: there is none; -1: a link, a submodule, a folder. */
struct afd_git_entry { struct afd_slice mode, id; };
int afd_git_entry(struct afd_slice listing, struct afd_git_entry *ret, struct afd_error *err);

/* The item: lines "name value" up to an empty one, then the file before and the file after. before_len, after_len stand in the
 * lines; parts: lines, before, after (those that are not empty). */
struct afd_git_item { struct afd_git_commit commit; struct afd_slice entry, before, after; bool gone; };
int afd_git_item_write(const struct afd_git_item *i, struct afd_buf *ret, struct afd_ranges *parts, struct afd_error *err);
int afd_git_item_read(struct afd_slice bytes, struct afd_git_item *ret, struct afd_error *err);
int afd_git_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

#endif
