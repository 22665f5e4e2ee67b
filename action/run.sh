#!/usr/bin/env bash
# What the action does once msr is there. Exit codes: docs/exit-codes.md.
set -euo pipefail
[ -z "${INPUT_DATABASE_URL:-}" ] || export MSR_DATABASE_URL="$INPUT_DATABASE_URL"
export NO_COLOR=1
work="${RUNNER_TEMP:-/tmp}/msr"
mkdir -p "$work"
here=$(dirname "$0")

out() { printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:-/dev/null}"; }
summary() { cat "$@" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"; }

# Runs a command and keeps its exit code in `code`: 2 says that there is something to look at, and is no failure here.
look() {
    code=0
    "$@" || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 2 ] || exit "$code"
}

plan() {
    if [ -d "$INPUT_PLANS" ]; then msr validate --plans "$INPUT_PLANS"; fi
    look msr plan --schema "$INPUT_SCHEMA" --out "$work/plan.ron" --detailed-exitcode --format markdown >"$work/plan.md"
    changes=$([ "$code" -eq 2 ] && echo true || echo false)
    out changes "$changes"
    out plan "$work/plan.ron"
    msr show "$work/plan.ron" --format html >"$work/report.html"
    out report "$work/report.html"
    # Annotations go to the log, where GitHub picks them up.
    look msr lint "$work/plan.ron" --format github
    denied=$([ "$code" -eq 2 ] && echo true || echo false)
    look msr lint "$work/plan.ron" --format sarif >"$work/msr.sarif"
    out denied "$denied"
    out sarif "$work/msr.sarif"
    failed=0
    if [ "$INPUT_REHEARSE" = true ] && [ "$changes" = true ]; then
        msr rehearse "$work/plan.ron" --report "$work/rehearsal.json" --format markdown >"$work/rehearsal.md" || failed=$?
        { echo; echo '<details><summary>Rehearsal</summary>'; echo; cat "$work/rehearsal.md"; echo; echo '</details>'; } >>"$work/plan.md"
        if [ "$failed" -eq 0 ]; then
            msr show "$work/plan.ron" --format html --rehearsal "$work/rehearsal.json" >"$work/report.html"
        fi
    fi
    summary "$work/plan.md"
    if [ "$INPUT_COMMENT" = true ] && [ -n "${PULL_REQUEST:-}" ]; then bash "$here/comment.sh" "$work/plan.md"; fi
    [ "$failed" -eq 0 ] || exit "$failed"
    # Last, so that the comment is there whatever is denied.
    [ "$denied" = false ] || exit 2
}

migrate() {
    msr migrate --plans "$INPUT_PLANS" --phase "$INPUT_PHASE" --yes 2>&1 | tee "$work/migrate.log"
    { echo '```'; cat "$work/migrate.log"; echo '```'; } | summary
}

case "$INPUT_COMMAND" in
plan) plan ;;
migrate) migrate ;;
*) echo "::error::the action msr knows the commands plan and migrate, not '$INPUT_COMMAND'"; exit 64 ;;
esac
