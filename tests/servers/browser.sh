# Chromium's driver, which opens a browser for each test that asks for one.

# It depends on the browser itself.
browser_package=chromium-driver

browser_program() { has chromedriver && has chromium; }

browser_start() {
  local port
  port=$(free_port 22300 400)
  # Ended, the driver would leave open whatever a test that was killed had not closed. They are all of one group, `launch` makes it, and it ends
  # together.
  # shellcheck disable=SC2016  # It is the other shell's to expand.
  launch "$run/browser.log" bash -c 'trap "trap \"\" TERM; kill 0" TERM; chromedriver --port="$1" & wait' browser "$port"
  await 'the driver of Chromium' listens "$port"
  publish SESSIONS_TEST_BROWSER "http://127.0.0.1:$port" "$(chromium --version 2>/dev/null | sed 's/ built on.*//')"
}
