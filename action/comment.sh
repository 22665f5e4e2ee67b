#!/usr/bin/env bash
# Writes one comment into the pull request, or writes it anew: comment.sh FILE.
set -euo pipefail
mark='<!-- msr -->'
# A comment that is too long is refused whole.
body=$(printf '%s\n' "$mark"; head -c 65000 "$1")
comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
ours=$(gh api --paginate "$comments" --jq ".[] | select(.body | startswith(\"$mark\")) | .id" | head -n 1) || ours=
if [ -n "$ours" ]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$ours" -f body="$body"
else
    # The token of a fork's pull request may not write: the job's summary has the same text.
    gh api --silent --method POST "$comments" -f body="$body" ||
        echo "::notice::no comment was written; a pull request from a fork may not. The plan is in the summary of this job"
fi
