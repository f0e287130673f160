#!/bin/sh
# Install Chromium and CJK fonts for the browser tests, where apt can do that; say plainly what is skipped where it cannot.
set -u
if command -v chromium >/dev/null 2>&1; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing chromium and fonts-noto-cjk for the browser tests"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null && exit 0
fi
echo "the browser tests will not run: install chromium and fonts-noto-cjk to run them"
