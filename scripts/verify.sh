#!/usr/bin/env bash
# The whole gate: formatting, warnings as errors, Error Prone, architecture rules, every test.
# Arguments go to Maven: scripts/verify.sh -pl shared
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
use_jdk
command -v mvn >/dev/null || fail "Maven is needed: install it (Debian, Ubuntu: apt-get install maven)"
cd "$STOKER_HOME" || exit 1
find . -path '*/target/*-reports/TEST-*.xml' -delete
# The tests bring their own installation: nothing of this one, nor of its .env, may leak into them.
for key in "${!STOKER_@}" SENTRY_DSN; do
  [[ $key = STOKER_TEST_* || $key = STOKER_JAVA_HOME ]] || unset "$key"
done
mvn verify "$@"
status=$?
find . -path '*/target/*-reports/TEST-*.xml' -print0 | xargs -0 -r grep -h '<testsuite ' | awk '
  function of(name) { return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : 0 }
  { all += of("tests"); bad += of("errors") + of("failures"); skipped += of("skipped") }
  END { printf "%d passed, %d failed, %d skipped\n", all - bad - skipped, bad, skipped }'
exit $status
