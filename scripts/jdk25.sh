#!/usr/bin/env bash
# Prints the home of a JDK 25, or says in one line what to install. Looks at STOKER_JAVA_HOME, JAVA_HOME,
# the usual folders and the java on the PATH, in this order.
set -u

is_jdk_25() {
  [ -x "$1/bin/javac" ] && grep -q '^JAVA_VERSION="25[."]' "$1/release" 2>/dev/null
}

on_path=$(command -v java 2>/dev/null) && on_path=$(dirname "$(dirname "$(readlink -f "$on_path")")")
for home in "${STOKER_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/* /opt/java/* /opt/jdk* \
  "$HOME"/.sdkman/candidates/java/* "${on_path:-}"; do
  if [ -n "$home" ] && is_jdk_25 "$home"; then
    echo "$home"
    exit 0
  fi
done
echo "Stoker needs a JDK 25 and found none: install one (Debian, Ubuntu: temurin-25-jdk or openjdk-25-jdk-headless), or set STOKER_JAVA_HOME to it." >&2
exit 1
